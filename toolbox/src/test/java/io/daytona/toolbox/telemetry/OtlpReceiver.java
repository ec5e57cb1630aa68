package io.daytona.toolbox.telemetry;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.resource.v1.Resource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A receiver of OTLP over HTTP, as an operator would have one. */
final class OtlpReceiver implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 30;

  private final BlockingQueue<Metrics> metrics = new LinkedBlockingQueue<>();
  private final BlockingQueue<Logs> logs = new LinkedBlockingQueue<>();
  private final AtomicInteger requests = new AtomicInteger();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final HttpServer server;
  private volatile int status = 200;
  private volatile boolean silent;
  private volatile boolean calledByThisProcess;

  /** A message with measurements. */
  record Metrics(String token, Map<String, String> resource, Map<String, Metric> byName) {}

  /** A message with lines. */
  record Logs(String token, Map<String, String> resource, List<LogRecord> records) {
    List<String> lines() {
      return records.stream().map(record -> record.getBody().getStringValue()).toList();
    }
  }

  OtlpReceiver() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/base/v1/metrics", exchange -> take(exchange, this::takeMetrics));
    server.createContext("/base/v1/logs", exchange -> take(exchange, this::takeLogs));
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/base";
  }

  /** Answers with this status from now on; only 200 takes anything. */
  void answer(int next) {
    status = next;
  }

  /** Answers nothing at all from now on. */
  void fallSilent() {
    silent = true;
  }

  int requests() {
    return requests.get();
  }

  /** Whether a connection that brought a request began in this process. */
  boolean wasCalledByThisProcess() {
    return calledByThisProcess;
  }

  /** Forgets what has come. */
  void clear() {
    metrics.clear();
    logs.clear();
  }

  Metrics metrics() throws InterruptedException {
    return next(metrics);
  }

  Logs logs() throws InterruptedException {
    return next(logs);
  }

  private static <M> M next(BlockingQueue<M> queue) throws InterruptedException {
    M message = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (message == null) {
      throw new AssertionError("nothing came within " + PATIENCE_SECONDS + " s");
    }
    return message;
  }

  private interface Taker {
    void take(String token, byte[] body) throws IOException;
  }

  private void take(HttpExchange exchange, Taker taker) throws IOException {
    requests.incrementAndGet();
    calledByThisProcess |= Sockets.ofThisProcess(exchange.getRemoteAddress().getPort());
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      if (silent) {
        closing.await();
        return;
      }
      if (status == 200) {
        if (!"application/x-protobuf".equals(exchange.getRequestHeaders().getFirst("Content-Type"))
            || !exchange.getRequestMethod().equals("POST")) {
          throw new AssertionError("no OTLP: " + exchange.getRequestHeaders().entrySet());
        }
        taker.take(exchange.getRequestHeaders().getFirst("sandbox-auth-token"), body);
      }
      exchange.sendResponseHeaders(status, -1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void takeMetrics(String token, byte[] body) throws IOException {
    var message = ExportMetricsServiceRequest.parseFrom(body).getResourceMetrics(0);
    Map<String, Metric> all =
        message.getScopeMetrics(0).getMetricsList().stream()
            .collect(Collectors.toMap(Metric::getName, Function.identity()));
    metrics.add(new Metrics(token, attributes(message.getResource()), all));
  }

  private void takeLogs(String token, byte[] body) throws IOException {
    var message = ExportLogsServiceRequest.parseFrom(body).getResourceLogs(0);
    List<LogRecord> records = message.getScopeLogs(0).getLogRecordsList();
    logs.add(new Logs(token, attributes(message.getResource()), records));
  }

  private static Map<String, String> attributes(Resource resource) {
    return resource.getAttributesList().stream()
        .collect(Collectors.toMap(KeyValue::getKey, pair -> pair.getValue().getStringValue()));
  }

  @Override
  public void close() {
    closing.countDown();
    server.stop(0);
    threads.close();
  }
}
