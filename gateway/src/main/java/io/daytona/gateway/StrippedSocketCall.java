package io.daytona.gateway;

import io.daytona.http.SocketCall;
import java.util.List;

/** A request for a WebSocket without the credentials that let it in. */
final class StrippedSocketCall extends StrippedCall<Void> implements SocketCall {
  private final SocketCall call;

  StrippedSocketCall(SocketCall call) {
    super(call);
    this.call = call;
  }

  @Override
  public List<String> offered() {
    return call.offered();
  }

  @Override
  public void choose(String subprotocol) {
    call.choose(subprotocol);
  }
}
