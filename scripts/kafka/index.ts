/** A real Apache Kafka to compare with: its jars, a broker, its tools. For benchmarks and comparisons, not for the broker. */
export { install, installJars, KAFKA_VERSION, type Kafka } from './install.ts';
export { KAFKA_CLUSTER_ID, startKafka, type KafkaOptions, type RunningKafka } from './server.ts';
export { ToolServer } from './tool-server.ts';
export { runTool, spawnTool, toolClass, toolNames, type ToolOptions, type ToolResult } from './tools.ts';
