package io.daytona.toolbox.session;

/**
 * The texts of the commands in one reply that lists many. Those that are long stand in files of the
 * sandbox, which may have any size: together they take a bounded part of the memory, and when that
 * is used up the beginnings stand for them.
 */
final class CommandTexts {
  /** Bytes of all long texts in a reply. */
  static final int MOST = 4 << 20;

  private int left = MOST;

  /** The text of a command, whole while there is room. */
  String of(Session session, Command command) {
    String text = SandboxSessions.text(session, command, left);
    if (command.label().cut()) {
      left -= Math.min(left, text.length());
    }
    return text;
  }
}
