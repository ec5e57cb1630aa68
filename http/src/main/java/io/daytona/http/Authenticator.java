package io.daytona.http;

/** Turns a request into a principal, or refuses it. */
@FunctionalInterface
public interface Authenticator {
  /**
   * Authenticates and authorizes; called before the body is read.
   *
   * @param call the request, without a body
   * @param route what it asks for
   * @return the principal that {@link Call#principal} gives to the handler
   * @throws io.daytona.wire.error.DaytonaException 401, 403 or 404
   */
  Object authenticate(Call<?> call, Route route);
}
