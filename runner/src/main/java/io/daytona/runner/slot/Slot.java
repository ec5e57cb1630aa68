package io.daytona.runner.slot;

/**
 * A slot taken for one run of a sandbox.
 *
 * @param number its number, 1…1022
 * @param ahead whether it had been made ahead
 */
public record Slot(int number, boolean ahead) {}
