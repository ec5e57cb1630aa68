package io.daytona.toolbox.telemetry;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.fsutil.ToolFields;
import io.daytona.wire.error.DaytonaException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hc.client5.http.DnsResolver;

/** Host names as a sandbox sees them; this process asks no name server. */
final class SandboxNames implements DnsResolver {
  private final Agent agent;

  SandboxNames(Agent agent) {
    this.agent = agent;
  }

  @Override
  public InetAddress[] resolve(String host) throws UnknownHostException {
    Optional<InetAddress> literal = literal(host);
    if (literal.isPresent()) {
      return new InetAddress[] {literal.get()};
    }
    InetAddress[] all =
        ask(host).stream()
            .map(SandboxNames::literal)
            .flatMap(Optional::stream)
            .toArray(InetAddress[]::new);
    if (all.length == 0) {
      throw new UnknownHostException("the sandbox does not know the host");
    }
    return all;
  }

  private List<String> ask(String host) throws UnknownHostException {
    try {
      return ToolFields.of(agent, "resolve", host);
    } catch (AgentException | DaytonaException e) {
      throw unknown(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unknown(e);
    }
  }

  private static UnknownHostException unknown(Exception cause) {
    UnknownHostException unknown = new UnknownHostException("the sandbox does not resolve names");
    unknown.initCause(cause);
    return unknown;
  }

  /** What comes from a sandbox is no name that this host would look up. */
  private static Optional<InetAddress> literal(String text) {
    try {
      String bare =
          text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
      return Stream.of(bare).map(InetAddress::ofLiteral).findFirst();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  @Override
  public String resolveCanonicalHostname(String host) {
    return host;
  }
}
