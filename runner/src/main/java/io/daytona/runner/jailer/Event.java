package io.daytona.runner.jailer;

import java.net.ProtocolException;

/** One line of the jailer's {@code events}. */
sealed interface Event {

  /** Sent on subscription and every 10 s. */
  record Beat() implements Event {}

  /**
   * The first process of a sandbox ended, whoever ended it.
   *
   * @param sandbox id
   * @param status wait status; −1 when it is not known
   * @param oomKills processes that the memory limit has ended in this run
   */
  record Exited(String sandbox, int status, long oomKills) implements Event {
    private static final int SIGKILL = 9;
    private static final int SIGNAL_BITS = 0x7f;

    /** Whether the memory limit ended the first process itself. */
    boolean outOfMemory() {
      return oomKills > 0 && (status < 0 || (status & SIGNAL_BITS) == SIGKILL);
    }
  }

  /** Reads a line. */
  static Event parse(String line) throws ProtocolException {
    if (line.equals("beat")) {
      return new Beat();
    }
    String[] words = line.split(" ", 3);
    if (words.length != 3
        || !words[0].equals("exited")
        || !Inventory.ID.matcher(words[1]).matches()) {
      throw new ProtocolException("unknown event of the jailer: " + Printable.of(line));
    }
    Answer values = new Answer(Answer.words(words[2], 0));
    String status = values.text("status");
    return new Exited(
        words[1],
        status.equals("-1") ? -1 : Numbers.parse(status, 0, 0xffff),
        values.number("oom_kills"));
  }
}
