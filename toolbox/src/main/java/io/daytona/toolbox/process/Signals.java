package io.daytona.toolbox.process;

import java.util.List;

/** Names of Linux signals. */
final class Signals {
  private static final List<String> NAMES =
      List.of(
          "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
          "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
          "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

  private Signals() {}

  /** The name of a signal such as {@code SIGKILL}; a real-time one by its number. */
  static String name(int signal) {
    return "SIG" + (signal <= NAMES.size() ? NAMES.get(signal - 1) : String.valueOf(signal));
  }
}
