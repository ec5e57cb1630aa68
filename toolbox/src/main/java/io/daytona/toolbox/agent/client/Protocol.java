package io.daytona.toolbox.agent.client;

/** Numbers of the agent's protocol (docs/protocols/agent.md). */
final class Protocol {
  /** Versions spoken: agents outlive upgrades of the platform, so the first one stays. */
  static final int OLDEST = 1;

  static final int NEWEST = 2;

  /** Bytes of a frame's header. */
  static final int HEADER = 12;

  /** Largest payload of a frame in bytes. */
  static final int MAX_PAYLOAD = 262_144;

  /** What the agent takes at once of a stream's data, whether or not its program reads. */
  static final int FIRST_CREDIT = 262_144;

  static final int HELLO = 1;
  static final int REQUEST = 2;
  static final int REPLY = 3;
  static final int ERROR = 4;
  static final int DATA = 5;
  static final int EOF = 6;
  static final int CREDIT = 7;
  static final int EXIT = 8;
  static final int CLOSE = 9;
  static final int PING = 10;
  static final int PONG = 11;

  /** Largest payload of PING and PONG in bytes. */
  static final int MAX_PING = 64;

  static final int STDIN = 0;
  static final int STDOUT = 1;
  static final int STDERR = 2;

  private Protocol() {}
}
