package io.daytona.runner.jailer;

import io.daytona.wire.runner.ExitCause;
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
   * @param poolFull whether the jailer ended it because it filled the pool
   */
  record Exited(String sandbox, int status, long oomKills, boolean poolFull) implements Event {
    private static final int SIGKILL = 9;
    private static final int SIGNAL_BITS = 0x7f;

    /** Why; memory only if the limit ended the first process itself. */
    ExitCause cause() {
      if (poolFull) {
        return ExitCause.POOL_FULL;
      }
      boolean killed = status < 0 || (status & SIGNAL_BITS) == SIGKILL;
      return oomKills > 0 && killed ? ExitCause.OUT_OF_MEMORY : ExitCause.ENDED;
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
        values.number("oom_kills"),
        Numbers.parse(values.text("pool_full"), 0, 1) == 1);
  }
}
