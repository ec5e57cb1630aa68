package io.daytona.toolbox.process;

/**
 * How much output is kept.
 *
 * @param perCommand bytes of one command; beyond it the middle is left out
 * @param all what all commands together may keep
 */
public record OutputLimits(long perCommand, OutputBudget all) {
  private static final long DEFAULT_PER_COMMAND = 32 << 20;

  /** 32 MiB a command, an eighth of the heap together. */
  public static OutputLimits defaults() {
    return new OutputLimits(DEFAULT_PER_COMMAND, OutputBudget.ofHeap());
  }

  /** Begins to capture a command's output. */
  OutputCapture capture() {
    return new OutputCapture(perCommand, all);
  }
}
