package io.daytona.server;

import io.daytona.wire.config.Config;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How this host and its sandboxes reach package registries.
 *
 * <p>The server calls no registry. The image build reads these keys from the server's own
 * configuration file; they are declared here so that the server takes that file, refuses a misspelt
 * key, and shows what is set.
 *
 * @param aptMirror mirror of the Debian archive
 * @param pipIndexUrl Python package index
 * @param npmRegistry Node package registry
 * @param httpProxy proxy for {@code http} URLs
 * @param httpsProxy proxy for {@code https} URLs
 * @param noProxy hosts reached without a proxy
 * @param caFile certificates to trust in addition
 */
@Config(prefix = "NETWORK")
public record NetworkConfig(
    @Config.Key(value = "Mirror of the Debian archive", fallback = "<none>")
        Optional<String> aptMirror,
    @Config.Key(value = "URL of the Python package index", fallback = "<none>")
        Optional<String> pipIndexUrl,
    @Config.Key(value = "URL of the Node package registry", fallback = "<none>")
        Optional<String> npmRegistry,
    @Config.Key(value = "Proxy for http URLs", fallback = "<none>") Optional<String> httpProxy,
    @Config.Key(value = "Proxy for https URLs", fallback = "<none>") Optional<String> httpsProxy,
    @Config.Key(value = "Hosts reached without a proxy, comma-separated", fallback = "<none>")
        Optional<String> noProxy,
    @Config.Key(value = "PEM file of certificates to trust in addition", fallback = "<none>")
        Optional<Path> caFile) {

  /** Proxies may carry a password. */
  @Override
  public String toString() {
    return "NetworkConfig[proxy=" + (httpProxy.isPresent() || httpsProxy.isPresent()) + "]";
  }
}
