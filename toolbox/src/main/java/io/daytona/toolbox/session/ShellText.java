package io.daytona.toolbox.session;

/**
 * What is fed to a session's shell. It has to hold in every POSIX shell and in zsh, whatever state
 * earlier commands left the shell in.
 */
final class ShellText {
  /** Asks a new shell to report what it is. */
  static final String PROBE = "echo \"ready ${BASH_VERSION:+bash}${ZSH_VERSION:+zsh}\"\n";

  private ShellText() {}

  /** What a shell answered to the probe. */
  enum Kind {
    POSIX("command", ""),
    /**
     * An input that ends inside quotes leaves bash 5.2 with a wrong count of open quotes, and later
     * ones are then written in front of its memory; another kind of syntax error sets it right.
     */
    BASH("command", "; command eval ')' 2>/dev/null || :"),
    ZSH("builtin", "");

    /**
     * Means the builtin, not a function of that name; in POSIX shells it also keeps a syntax error
     * from ending the shell.
     */
    private final String builtin;

    private final String repair;

    Kind(String builtin, String repair) {
      this.builtin = builtin;
      this.repair = repair;
    }

    static Kind of(String answer) {
      return answer.endsWith("bash") ? BASH : answer.endsWith("zsh") ? ZSH : POSIX;
    }
  }

  /** A holder's pipe as the shell opens it. */
  private static String pipe(long pid, int descriptor) {
    return "/proc/" + pid + "/fd/" + descriptor;
  }

  /**
   * Runs a text in the shell itself: sources it from a here-document whose first statement puts the
   * command's input in the place of the document.
   */
  static String run(Kind kind, String id, long pid, String text) {
    String end = "end-of-" + id;
    return line(kind, id, pid, "/proc/self/fd/0", "<<'" + end + "'")
        + ("exec <" + pipe(pid, 0) + "; ")
        + (text + "\n" + end + "\n");
  }

  /** Runs the text of a file. */
  static String runFile(Kind kind, String id, long pid, String path) {
    return line(kind, id, pid, quote(path), "<" + pipe(pid, 0));
  }

  /**
   * Sources a file with a holder's pipes as output, reports the exit status and ends the holder.
   * {@code >|} works under {@code set -C}, the {@code :} under {@code set -e}. A shell that lost
   * its {@code kill} says that it could not end the holder.
   */
  private static String line(Kind kind, String id, long pid, String file, String input) {
    return "{ %s . %s; } %s >|%s 2>|%s; %s echo %s \"$?\"; %s kill -9 %d || %s echo held %s || :%s\n"
        .formatted(
            kind.builtin,
            file,
            input,
            pipe(pid, 1),
            pipe(pid, 2),
            kind.builtin,
            id,
            kind.builtin,
            pid,
            kind.builtin,
            id,
            kind.repair);
  }

  /** Reports words. */
  static String echo(Kind kind, String words) {
    return kind.builtin + " echo " + words + "\n";
  }

  /** The text as one word. */
  static String quote(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
