/** Answers what an order costs (request and reply), and writes an invoice for each that is placed (an event). */
import { Controller, Inject, Module } from '@nestjs/common';
import {
  ClientKafka,
  ClientsModule,
  EventPattern,
  MessagePattern,
  Payload,
  Transport,
  type KafkaOptions,
} from '@nestjs/microservices';

export interface Order {
  readonly id: number;
  readonly price: number;
  readonly count: number;
}

@Controller()
export class OrdersController {
  constructor(@Inject('KAFKA') private readonly kafka: ClientKafka) {}

  @MessagePattern('orders.price')
  price(@Payload() order: Order): { total: number } {
    return { total: order.price * order.count };
  }

  @EventPattern('orders.placed')
  placed(@Payload() order: Order): void {
    this.kafka.emit('invoices', { key: String(order.id), value: { order: order.id, ...this.price(order) } });
  }
}

/** As NestFactory.createMicroservice and ClientsModule take them. */
export function kafkaOptions(brokers: string[], groupId: string): KafkaOptions {
  return { transport: Transport.KAFKA, options: { client: { clientId: 'orders', brokers }, consumer: { groupId } } };
}

export function ordersModule(brokers: string[]) {
  @Module({
    imports: [ClientsModule.register([{ name: 'KAFKA', ...kafkaOptions(brokers, 'orders-client') }])],
    controllers: [OrdersController],
  })
  class OrdersModule {}
  return OrdersModule;
}
