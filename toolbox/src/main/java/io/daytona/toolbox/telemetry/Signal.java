package io.daytona.toolbox.telemetry;

/** A kind of telemetry that has its own path at a receiver. */
enum Signal {
  METRICS("metrics"),
  LOGS("logs");

  private final String path;

  Signal(String path) {
    this.path = path;
  }

  String path() {
    return path;
  }
}
