package io.daytona.control.apikey;

import io.daytona.http.Access;
import io.daytona.http.Endpoint;
import io.daytona.wire.error.DaytonaException;
import java.util.List;

/** The rows of the endpoint table about API keys. */
public final class ApiKeyEndpoints {
  private final ApiKeys keys;

  /** Serves these keys. */
  public ApiKeyEndpoints(ApiKeys keys) {
    this.keys = keys;
  }

  /** The rows. */
  public List<Endpoint<?, ?>> endpoints() {
    return List.of(
        Endpoint.get(
            "/api-keys/current",
            "getCurrentApiKey",
            "The API key that this request was made with",
            Access.MEMBER,
            ApiKeyDto.class,
            call -> current(call.principal(Principal.class))));
  }

  private ApiKeyDto current(Principal principal) {
    return keys.named(principal)
        .map(ApiKeyDto::of)
        .orElseThrow(() -> DaytonaException.notFound("API key not found"));
  }
}
