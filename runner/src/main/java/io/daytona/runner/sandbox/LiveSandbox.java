package io.daytona.runner.sandbox;

import org.jspecify.annotations.Nullable;

/** A sandbox that runs on this host. */
final class LiveSandbox {
  private final String id;
  private final int slot;
  private final AgentLink link;
  private volatile @Nullable Identity identity;
  private volatile boolean ending;

  /**
   * @param id sandbox id
   * @param slot its slot
   * @param link connection to its agent
   * @param identity null when a start was cut short, until it is repeated
   */
  LiveSandbox(String id, int slot, AgentLink link, @Nullable Identity identity) {
    this.id = id;
    this.slot = slot;
    this.link = link;
    this.identity = identity;
  }

  String id() {
    return id;
  }

  int slot() {
    return slot;
  }

  AgentLink link() {
    return link;
  }

  @Nullable Identity identity() {
    return identity;
  }

  void identified(Identity identity) {
    this.identity = identity;
  }

  /** Whether it is being stopped or destroyed. */
  boolean ending() {
    return ending;
  }

  void ending(boolean ending) {
    this.ending = ending;
  }
}
