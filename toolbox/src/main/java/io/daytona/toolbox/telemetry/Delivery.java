package io.daytona.toolbox.telemetry;

/** What became of a message. */
enum Delivery {
  /** The receiver has it. */
  TAKEN,
  /** The receiver does not want it; sending it again would not help. */
  REFUSED,
  /** The receiver was not reached, or asks to come again. */
  LATER
}
