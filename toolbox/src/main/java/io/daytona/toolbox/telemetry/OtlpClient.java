package io.daytona.toolbox.telemetry;

import io.daytona.toolbox.agent.Agent;
import java.net.Proxy;
import java.time.Duration;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.DefaultSchemePortResolver;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.DefaultHttpClientConnectionOperator;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.io.HttpClientConnectionOperator;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.core5.http.ConnectionReuseStrategy;
import org.apache.hc.core5.http.URIScheme;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.config.Lookup;
import org.apache.hc.core5.http.config.RegistryBuilder;
import org.apache.hc.core5.http.impl.DefaultConnectionReuseStrategy;
import org.apache.hc.core5.pool.PoolConcurrencyPolicy;
import org.apache.hc.core5.pool.PoolReusePolicy;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/**
 * HTTP clients for OTLP. They follow no redirect, because a token would go with it, keep no
 * cookies, repeat nothing by themselves, and read no reply whose head is not bounded.
 */
final class OtlpClient {
  private static final int CONNECTIONS = 16;
  private static final int CONNECTIONS_INSIDE = 2;
  private static final TimeValue KEPT = TimeValue.ofMinutes(5);
  private static final int MAX_LINE = 8_192;
  private static final int MAX_HEADERS = 64;

  private OtlpClient() {}

  /** A client that connects from this process, with at most 16 connections. */
  static CloseableHttpClient direct(Duration patience) {
    return over(
        new DefaultHttpClientConnectionOperator(DefaultSchemePortResolver.INSTANCE, null, tls()),
        CONNECTIONS,
        DefaultConnectionReuseStrategy.INSTANCE,
        patience);
  }

  /** A client whose connections a sandbox makes, with at most 2 of them. */
  static CloseableHttpClient inside(Agent agent, Duration patience) {
    return over(
        new DefaultHttpClientConnectionOperator(
            (Proxy proxy) -> new SandboxSocket(agent),
            DefaultSchemePortResolver.INSTANCE,
            new SandboxNames(agent),
            tls()),
        CONNECTIONS_INSIDE,
        // One that is kept would have to be asked whether it is stale, which needs a time limit.
        (request, reply, context) -> false,
        patience);
  }

  private static Lookup<TlsSocketStrategy> tls() {
    return RegistryBuilder.<TlsSocketStrategy>create()
        .register(URIScheme.HTTPS.id, DefaultClientTlsStrategy.createDefault())
        .build();
  }

  private static CloseableHttpClient over(
      HttpClientConnectionOperator operator,
      int connections,
      ConnectionReuseStrategy reuse,
      Duration patience) {
    Timeout half = Timeout.ofMilliseconds(patience.toMillis() / 2);
    Http1Config bounds =
        Http1Config.custom().setMaxLineLength(MAX_LINE).setMaxHeaderCount(MAX_HEADERS).build();
    PoolingHttpClientConnectionManager pool =
        new PoolingHttpClientConnectionManager(
            operator,
            PoolConcurrencyPolicy.STRICT,
            PoolReusePolicy.LIFO,
            KEPT,
            ManagedHttpClientConnectionFactory.builder().http1Config(bounds).build());
    pool.setMaxTotal(connections);
    pool.setDefaultMaxPerRoute(connections);
    pool.setDefaultConnectionConfig(
        ConnectionConfig.custom().setConnectTimeout(half).setSocketTimeout(half).build());
    return HttpClients.custom()
        .setConnectionManager(pool)
        .setConnectionReuseStrategy(reuse)
        .setDefaultRequestConfig(
            RequestConfig.custom()
                .setConnectionRequestTimeout(half)
                .setResponseTimeout(half)
                .build())
        .setUserAgent("daytona")
        .disableRedirectHandling()
        .disableCookieManagement()
        .disableAuthCaching()
        .disableAutomaticRetries()
        .disableContentCompression()
        .build();
  }
}
