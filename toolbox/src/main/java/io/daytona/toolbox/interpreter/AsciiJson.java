package io.daytona.toolbox.interpreter;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectWriter;
import io.daytona.http.Json;
import java.io.UncheckedIOException;

/** JSON in ASCII, which keeps halves of surrogate pairs what they are instead of failing. */
final class AsciiJson {
  private static final ObjectWriter WRITER =
      Json.mapper().writer().with(JsonWriteFeature.ESCAPE_NON_ASCII);

  private AsciiJson() {}

  /** The JSON of a value. */
  static String of(Object value) {
    try {
      return WRITER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
