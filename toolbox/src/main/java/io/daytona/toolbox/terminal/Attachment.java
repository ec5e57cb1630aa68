package io.daytona.toolbox.terminal;

import io.daytona.toolbox.agent.AgentProcess;

/**
 * One reader of a terminal's output.
 *
 * @param terminals where the terminal is
 * @param terminal the terminal
 * @param output its output, from where the reader wants it
 * @param redraw whether the program on it is to be asked to draw its screen again
 */
record Attachment(
    SandboxTerminals terminals, Terminal terminal, AgentProcess output, boolean redraw) {

  /**
   * Stops reading.
   *
   * @param ended whether the end of the terminal was read
   */
  void close(boolean ended) {
    try {
      output.close();
    } finally {
      terminals.left(terminal.process(), ended);
    }
  }
}
