/*
 * The raw load of the benchmarks: sends prepared request frames as fast as they are answered, and says how fast that was.
 * It knows nothing of Kafka but that requests and answers begin with their size, so that it costs next to nothing itself.
 *
 *   load pump PORT FRAMES CONNECTIONS DEPTH SECONDS    up to DEPTH requests under way on each connection
 *   load feed PORT FRAMES CONNECTIONS DEPTH SECONDS    the same, sent from a file: the kernel copies no bytes of them here
 *   load deliver PORT FRAMES OFFSET_AT SECONDS         frame 0, a long poll, parked; frame 1 sent; until the poll answers
 *   load idle PORT FRAMES CONNECTIONS                  frame 0 sent on each, and answered; held until standard input ends
 *
 * FRAMES is a file: for each frame a byte that says whether it is answered, then the frame with its size. They are sent in
 * turn, by each connection from another one on. OFFSET_AT is where in the poll its offset stands (8 bytes), which begins at 0.
 * Results are a line of JSON; latencies in microseconds, from before a request's write to after its answer's last byte.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 4, SAMPLES = 1 << 23, READ = 1 << 18, PIECES = 64, FEED = 1 << 20 };

typedef struct {
  const uint8_t *bytes;
  uint32_t length;
  int answered;
} Frame;

typedef struct {
  int fd;
  int next;            /* the frame it sends next */
  uint32_t sent;       /* of that frame */
  off_t fed;           /* where the next byte stands in the file that is fed from */
  int under_way;       /* answered frames without their answer */
  uint64_t *since;     /* when each of them was sent: a ring of `depth` */
  int head, tail;
  uint32_t want;       /* bytes the answer still lacks; 0 while its size is read */
  uint8_t size[SIZE];
  int size_have;
  int wants_write;
} Connection;

static Frame *frames;
static int frame_count;
static uint32_t *samples;
static uint64_t sample_count, answers, bytes_out, bytes_in;
static uint8_t scratch[READ];
/* All frames in turn, again and again; -1 where they are sent from memory. */
static int feed = -1;
static off_t feed_length;

static void die(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
}

static void sample(uint64_t ns) {
  if (sample_count < SAMPLES) samples[sample_count++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

static void read_frames(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) die(path);
  fseek(file, 0, SEEK_END);
  long length = ftell(file);
  rewind(file);
  uint8_t *all = malloc(length);
  if (fread(all, 1, length, file) != (size_t)length) die(path);
  fclose(file);
  for (long at = 0; at < length;) {
    uint32_t size;
    memcpy(&size, all + at + 1, SIZE);
    frames = realloc(frames, (frame_count + 1) * sizeof(Frame));
    frames[frame_count++] = (Frame){all + at + 1, ntohl(size) + SIZE, all[at]};
    at += 1 + SIZE + ntohl(size);
  }
}

static void make_feed(void) {
  feed = memfd_create("frames", 0);
  if (feed < 0) die("memfd_create");
  while (feed_length < FEED) {
    for (int i = 0; i < frame_count; i++) {
      if (write(feed, frames[i].bytes, frames[i].length) != (ssize_t)frames[i].length) die("write");
      feed_length += frames[i].length;
    }
  }
}

static ssize_t send_fed(Connection *c, size_t count) {
  ssize_t n = sendfile(c->fd, feed, &c->fed, count);
  if (c->fed == feed_length) c->fed = 0;
  return n;
}

static int dial(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)) die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

static void write_all(int fd, const uint8_t *bytes, uint32_t length) {
  while (length > 0) {
    ssize_t n = write(fd, bytes, length);
    if (n <= 0) die("write");
    bytes += n;
    length -= n;
    bytes_out += n;
  }
}

static void read_all(int fd, uint8_t *into, uint32_t length) {
  while (length > 0) {
    uint32_t most = length > READ ? READ : length;
    ssize_t n = read(fd, into ? into : scratch, most);
    if (n <= 0) die("the broker closed the connection");
    if (into) into += n;
    length -= n;
    bytes_in += n;
  }
}

/* A whole answer; its length without the size. */
static uint32_t read_answer(int fd) {
  uint32_t size;
  read_all(fd, (uint8_t *)&size, SIZE);
  read_all(fd, NULL, ntohl(size));
  return ntohl(size);
}

/* Sends until `depth` answered frames are under way or the kernel is full. */
static void fill(Connection *c, int depth, int epoll, uint64_t stamp) {
  while (1) {
    struct iovec pieces[PIECES];
    int count = 0, under_way = c->under_way, next = c->next;
    uint32_t skip = c->sent;
    size_t total = 0;
    for (; count < PIECES && (under_way < depth || skip > 0) && total < (1 << 22); count++) {
      Frame *f = &frames[next];
      pieces[count] = (struct iovec){(void *)(f->bytes + skip), f->length - skip};
      total += f->length - skip;
      if (skip == 0 && f->answered) under_way++;
      skip = 0;
      next = (next + 1) % frame_count;
    }
    if (count == 0) break;
    size_t wanted = feed < 0 || total < (size_t)(feed_length - c->fed) ? total : (size_t)(feed_length - c->fed);
    ssize_t n = feed < 0 ? writev(c->fd, pieces, count) : send_fed(c, wanted);
    if (n < 0 && errno != EAGAIN) die("write");
    if (n > 0) bytes_out += n;
    int full = n < (ssize_t)wanted;
    while (n > 0) {
      Frame *f = &frames[c->next];
      if (c->sent == 0 && f->answered) {
        c->since[c->head] = stamp;
        c->head = (c->head + 1) % depth;
        c->under_way++;
      }
      uint32_t rest = f->length - c->sent;
      if ((size_t)n < rest) {
        c->sent += n;
        break;
      }
      n -= rest;
      c->sent = 0;
      c->next = (c->next + 1) % frame_count;
    }
    if (full != c->wants_write) {
      struct epoll_event e = {.events = EPOLLIN | (full ? EPOLLOUT : 0), .data.ptr = c};
      epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &e);
      c->wants_write = full;
    }
    if (full) break;
  }
}

static void take(Connection *c, int depth) {
  ssize_t n = read(c->fd, scratch, READ);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) die("the broker closed the connection");
  bytes_in += n;
  uint64_t stamp = now();
  for (ssize_t at = 0; at < n;) {
    if (c->want == 0) {
      c->size[c->size_have++] = scratch[at++];
      if (c->size_have < SIZE) continue;
      memcpy(&c->want, c->size, SIZE);
      c->want = ntohl(c->want);
      c->size_have = 0;
      continue;
    }
    uint32_t part = c->want < n - at ? c->want : n - at;
    c->want -= part;
    at += part;
    if (c->want > 0) continue;
    sample(stamp - c->since[c->tail]);
    c->tail = (c->tail + 1) % depth;
    c->under_way--;
    answers++;
  }
}

static int by_size(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static double quantile(double q) {
  if (sample_count == 0) return 0;
  return samples[(uint64_t)(q * (sample_count - 1))] / 1000.0;
}

static void report(uint64_t elapsed) {
  struct rusage self;
  getrusage(RUSAGE_SELF, &self);
  double cpu = self.ru_utime.tv_sec + self.ru_stime.tv_sec + (self.ru_utime.tv_usec + self.ru_stime.tv_usec) / 1e6;
  qsort(samples, sample_count, sizeof *samples, by_size);
  printf("{\"answers\":%llu,\"seconds\":%.6f,\"bytesOut\":%llu,\"bytesIn\":%llu,\"loadCpuSeconds\":%.3f,"
         "\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}\n",
         (unsigned long long)answers, elapsed / 1e9, (unsigned long long)bytes_out, (unsigned long long)bytes_in, cpu,
         quantile(0.5), quantile(0.99), quantile(0.999), quantile(1));
}

static void pump(int port, int connections, int depth, double seconds) {
  int epoll = epoll_create1(0);
  Connection *all = calloc(connections, sizeof *all);
  for (int i = 0; i < connections; i++) {
    all[i].fd = dial(port);
    all[i].next = (long)i * frame_count / connections;
    for (int j = 0; j < all[i].next; j++) all[i].fed += frames[j].length;
    all[i].since = calloc(depth, sizeof(uint64_t));
    fcntl(all[i].fd, F_SETFL, O_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &all[i]};
    epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &e);
  }
  uint64_t start = now(), end = start + (uint64_t)(seconds * 1e9);
  for (int i = 0; i < connections; i++) fill(&all[i], depth, epoll, now());
  long under_way = 1;
  while (under_way > 0) {
    struct epoll_event events[256];
    int count = epoll_wait(epoll, events, 256, 30000);
    if (count <= 0) die("no answer in 30 seconds");
    uint64_t stamp = now();
    for (int i = 0; i < count; i++) {
      Connection *c = events[i].data.ptr;
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) take(c, depth);
      /* At the end only what was begun is finished: depth 0 sends no further frame. */
      if (stamp < end) fill(c, depth, epoll, now());
      else if (c->sent > 0) fill(c, c->under_way, epoll, stamp);
    }
    if (stamp < end) continue;
    under_way = 0;
    for (int i = 0; i < connections; i++) under_way += all[i].under_way;
  }
  report(now() - start);
}

static void deliver(int port, int offset_at, double seconds) {
  int poll = dial(port), producer = dial(port);
  uint8_t *fetch = malloc(frames[0].length);
  memcpy(fetch, frames[0].bytes, frames[0].length);
  uint64_t start = now();
  struct timespec parked = {.tv_nsec = 100000};
  for (uint64_t offset = 0; now() < start + seconds * 1e9; offset++) {
    for (int i = 0; i < 8; i++) fetch[offset_at + i] = offset >> (56 - 8 * i);
    write_all(poll, fetch, frames[0].length);
    nanosleep(&parked, NULL);
    uint64_t stamp = now();
    write_all(producer, frames[1].bytes, frames[1].length);
    read_answer(poll);
    sample(now() - stamp);
    read_answer(producer);
    answers++;
  }
  report(now() - start);
}

static void idle(int port, int connections) {
  for (int i = 0; i < connections; i++) {
    int fd = dial(port);
    write_all(fd, frames[0].bytes, frames[0].length);
    if (frames[0].answered) read_answer(fd);
  }
  printf("open\n");
  fflush(stdout);
  while (read(0, scratch, READ) > 0) continue;
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "load: pump|feed|deliver|idle PORT FRAMES ... (see the top of load.c)\n");
    return 2;
  }
  samples = malloc(sizeof *samples * SAMPLES);
  int port = atoi(argv[2]);
  read_frames(argv[3]);
  if (!strcmp(argv[1], "feed")) make_feed();
  if ((!strcmp(argv[1], "pump") || feed >= 0) && argc == 7) pump(port, atoi(argv[4]), atoi(argv[5]), atof(argv[6]));
  else if (!strcmp(argv[1], "deliver") && argc == 6) deliver(port, atoi(argv[4]), atof(argv[5]));
  else if (!strcmp(argv[1], "idle")) idle(port, atoi(argv[4]));
  else return 2;
  return 0;
}
