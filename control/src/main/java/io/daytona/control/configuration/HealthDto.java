package io.daytona.control.configuration;

/**
 * Whether the API answers.
 *
 * @param status {@code ok}
 */
public record HealthDto(String status) {}
