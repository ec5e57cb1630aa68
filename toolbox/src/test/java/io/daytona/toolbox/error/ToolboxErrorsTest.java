package io.daytona.toolbox.error;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.http.ErrorRenderer;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Error replies (toolbox protocol §11). */
class ToolboxErrorsTest {
  private final ToolboxErrors errors = new ToolboxErrors();

  @ParameterizedTest
  @CsvSource({
    "/toolbox/abc/files/info?path=x, /files/info",
    "/files/info?DAYTONA_SANDBOX_AUTH_KEY=secret, /files/info",
    "/toolbox/abc, /",
    "/toolbox/abc/toolbox/def, /toolbox/def",
    "/toolboxes/abc, /toolboxes/abc",
  })
  void thePathIsThatInsideTheToolbox(String uri, String path) {
    ErrorBody body = errors.render(DaytonaException.notFound("x"), "GET", uri);
    assertEquals(path, body.path());
    assertEquals("GET", body.method());
    assertEquals(404, body.statusCode());
    assertEquals("NOT_FOUND", body.code());
    assertEquals(ErrorBody.DAEMON, body.source());
  }

  @Test
  void whatStandsBeforeTheToolboxIsNamed() {
    DaytonaException refused = DaytonaException.of(ErrorKind.UNAUTHORIZED, "who?");
    assertEquals(ErrorBody.PROXY, errors.render(refused, "GET", "/x").source());
  }

  @Test
  void badJsonHasTheWordsOfItsRoute() {
    DaytonaException bad =
        DaytonaException.of(ErrorKind.BAD_REQUEST, ErrorRenderer.MALFORMED_JSON, "not JSON");
    ErrorBody execute = errors.renderMalformedJson(bad, "POST", "/toolbox/abc/process/execute");
    assertEquals("BAD_REQUEST", execute.code());
    assertEquals("bad request: invalid request body: not JSON", execute.message());
    ErrorBody other = errors.renderMalformedJson(bad, "POST", "/process/code-run");
    assertEquals("INVALID_REQUEST_BODY", other.code());
    assertEquals("invalid body request: not JSON", other.message());
  }

  @ParameterizedTest
  @CsvSource({
    "0, lost, 502, true",
    Errno.EAGAIN + ", busy, 503, true",
    Errno.ENOMEM + ", fork, 503, true",
    Errno.EINTR + ", interrupted, 503, true",
    Errno.ETIMEDOUT + ", timeout, 504, false",
    Errno.EACCES + ", open, 400, false",
    "0, usage, 400, false",
  })
  void nothingOfAnAgentIsABare500(int errno, String code, int status, boolean again) {
    DaytonaException shown = AgentErrors.of(new AgentException(errno, code, "of the sandbox"));
    assertEquals(status, shown.kind().status());
    assertEquals(again, shown.retryAfter().isPresent());
    assertTrue(shown.sentence().length() > 10);
  }
}
