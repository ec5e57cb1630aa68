package io.daytona.toolbox.system;

import io.daytona.http.Access;
import io.daytona.http.Endpoint;
import io.daytona.http.Method;
import io.daytona.http.RawReply;
import io.daytona.toolbox.SandboxCalls;
import java.io.InputStream;
import java.util.List;

/** The way to programs that serve HTTP inside a sandbox (toolbox protocol §1.8). */
public final class ProxyEndpoints {
  private final ProxyHandler handler;

  /**
   * @param calls finds sandboxes
   */
  public ProxyEndpoints(SandboxCalls calls) {
    this.handler = new ProxyHandler(calls);
  }

  /** The table's rows. */
  public List<Endpoint<?, ?>> all() {
    return List.of(
        new Endpoint<>(
            Method.ANY,
            "/proxy/{port}/{path...}",
            "Proxy",
            "Passes a request on to a port inside the sandbox.",
            Access.MEMBER,
            InputStream.class,
            RawReply.class,
            200,
            handler::handle));
  }
}
