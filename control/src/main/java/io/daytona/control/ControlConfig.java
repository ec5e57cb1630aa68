package io.daytona.control;

import io.daytona.wire.config.Config;
import java.util.Optional;

/**
 * Configuration of the control plane.
 *
 * @param adminApiKey value of the key {@code daytona-admin}
 * @param region id of the default region
 * @param publicUrl where clients reach the API's listener
 * @param proxyDomain domain of preview hosts, with the proxy's port
 * @param proxyUrl where clients reach the proxy's listener
 * @param defaultSnapshot snapshot of creates that name none
 * @param version release that is reported to clients
 * @param environment name of this installation's environment
 * @param maxAutoArchiveInterval longest auto-archive interval in minutes
 * @param createConcurrency creates and starts that run at once
 * @param createQueue creates and starts that wait
 * @param createQueueSeconds seconds a create or start waits
 * @param createShare percent of both that one organization may have
 * @param databasePatienceSeconds seconds a request waits for PostgreSQL
 */
@Config(prefix = "")
public record ControlConfig(
    @Config.Key(
            value =
                "API key of the administrator, dtn_ and 64 hexadecimal digits by convention;"
                    + " generated on the first run when absent",
            fallback = "<none>",
            secret = true)
        Optional<String> adminApiKey,
    @Config.Key(value = "Id and name of the default region", fallback = "us") String region,
    @Config.Key(
            value =
                "URL at which clients reach the API's listener, without /api; absent: taken from"
                    + " each request",
            fallback = "<none>")
        Optional<String> publicUrl,
    @Config.Key(
            value = "Domain of preview hosts, with the proxy's port when it is not the default",
            fallback = "proxy.localhost:4000")
        String proxyDomain,
    @Config.Key(
            value =
                "URL at which clients reach the proxy's listener, without /toolbox; absent: the"
                    + " host of each request with the port of PROXY_DOMAIN",
            fallback = "<none>")
        Optional<String> proxyUrl,
    @Config.Key(value = "Snapshot of a create that names none", fallback = "daytona-small")
        String defaultSnapshot,
    @Config.Key(value = "Release that is reported to clients", fallback = "0.1.0") String version,
    @Config.Key(
            value = "Name of this installation's environment, reported to clients",
            fallback = "production")
        String environment,
    @Config.Key(value = "Longest auto-archive interval in minutes", fallback = "43200")
        int maxAutoArchiveInterval,
    @Config.Key(value = "Creates and starts that run at once", fallback = "16")
        int createConcurrency,
    @Config.Key(
            value = "Creates and starts that wait for their turn; more get 503 with Retry-After",
            fallback = "1000")
        int createQueue,
    @Config.Key(
            value = "Seconds a create or start waits for its turn before 503 with Retry-After",
            fallback = "20")
        int createQueueSeconds,
    @Config.Key(
            value =
                "Percent of the creates and starts at once, and of those that wait, that one"
                    + " organization may have; more of it waits, then gets 429",
            fallback = "75")
        int createShare,
    @Config.Key(
            value = "Seconds a request waits for PostgreSQL before 503 with Retry-After",
            fallback = "5")
        int databasePatienceSeconds) {

  /** What holds when nothing is configured. */
  public static ControlConfig defaults() {
    return new ControlConfig(
        Optional.empty(),
        "us",
        Optional.empty(),
        "proxy.localhost:4000",
        Optional.empty(),
        "daytona-small",
        "0.1.0",
        "production",
        43200,
        16,
        1000,
        20,
        75,
        5);
  }

  /** The same with another administrator key. */
  public ControlConfig withAdminApiKey(String key) {
    return new ControlConfig(
        Optional.of(key),
        region,
        publicUrl,
        proxyDomain,
        proxyUrl,
        defaultSnapshot,
        version,
        environment,
        maxAutoArchiveInterval,
        createConcurrency,
        createQueue,
        createQueueSeconds,
        createShare,
        databasePatienceSeconds);
  }

  /** Hides the key. */
  @Override
  public String toString() {
    return "ControlConfig[region="
        + region
        + ", publicUrl="
        + publicUrl
        + ", proxyDomain="
        + proxyDomain
        + ", proxyUrl="
        + proxyUrl
        + ", defaultSnapshot="
        + defaultSnapshot
        + "]";
  }
}
