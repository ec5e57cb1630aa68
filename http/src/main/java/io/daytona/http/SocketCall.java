package io.daytona.http;

import java.util.List;

/** A request for an upgrade. */
public interface SocketCall extends Call<Void> {
  /** Sub-protocols the client offered, in order; empty when none. */
  List<String> offered();

  /**
   * Names the sub-protocol that is answered; without this call none is.
   *
   * @param subprotocol one that was {@link #offered}
   */
  void choose(String subprotocol);
}
