package io.daytona.wire.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a record as one module's configuration. A component {@code maxRunning} of a record with
 * prefix {@code RUNNER} is the key {@code DAYTONA_SERVER_RUNNER_MAX_RUNNING}; an empty prefix
 * leaves that part out.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Config {
  /** Part of the key between {@code DAYTONA_SERVER_} and the component's name. */
  String prefix();

  /** Describes one component; every component carries it. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.RECORD_COMPONENT)
  @interface Key {
    /** What it does, with its unit. */
    String value();

    /**
     * Value when nothing is set; {@code <required>} makes start-up fail, {@code <none>} gives an
     * absent Optional.
     */
    String fallback();

    /** Whether the value is never printed. */
    boolean secret() default false;
  }
}
