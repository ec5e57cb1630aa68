package io.daytona.http;

import io.daytona.wire.error.DaytonaException;

/** Gives an error the documented shape of one API. */
@FunctionalInterface
public interface ErrorRenderer {
  /** The JSON body of an error reply. */
  Object render(DaytonaException error, String method, String uri);
}
