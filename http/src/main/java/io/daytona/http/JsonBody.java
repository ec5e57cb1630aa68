package io.daytona.http;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import io.daytona.wire.admission.Bulkhead;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayOutputStream;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads the JSON body of a request. */
final class JsonBody {
  private static final int FIRST_BYTES = 512;
  private static final int BUFFER_BYTES = 8192;
  private static final byte[] EMPTY_OBJECT = {'{', '}'};
  // What a refused client is still listened to, so that it reads the refusal instead of a reset.
  private static final long DRAIN_BYTES = 16L << 20;

  private JsonBody() {}

  /**
   * Reads and parses a body; an empty one stands for {@code {}}.
   *
   * @param share takes the memory of the body
   * @param caller who waits while there is none
   * @throws DaytonaException 413 above the limit, 400 when it is not the JSON that is expected, 503
   *     or 429 when too many large bodies are in memory
   */
  static <B> B read(
      HttpServletRequest request,
      long limit,
      BodyBudget.Share share,
      Bulkhead.Caller caller,
      Class<B> type)
      throws IOException, InterruptedException {
    byte[] bytes = bytes(request, limit, share, caller);
    share.complete();
    return parse(bytes, type);
  }

  /**
   * Parses a body; an empty one stands for {@code {}}.
   *
   * @throws DaytonaException 400 when it is not the JSON that is expected
   */
  static <B> B parse(byte[] bytes, Class<B> type) throws IOException {
    try {
      B body = Json.mapper().readValue(bytes.length == 0 ? EMPTY_OBJECT : bytes, type);
      if (body == null) {
        throw wrong("request body must be an object", null);
      }
      return body;
    } catch (JsonParseException | CharConversionException e) {
      // A body whose first bytes are those of UTF-32 is read as such.
      throw malformed(e);
    } catch (JsonMappingException e) {
      throw mapped(e);
    } catch (JsonProcessingException e) {
      throw wrong("request body cannot be read", e);
    }
  }

  private static byte[] bytes(
      HttpServletRequest request, long limit, BodyBudget.Share share, Bulkhead.Caller caller)
      throws IOException, InterruptedException {
    long declared = request.getContentLengthLong();
    if (declared > limit) {
      // Asking for the stream tells a client that waits for "100 Continue" to go on.
      if (declared <= DRAIN_BYTES && request.getHeader("Expect") == null) {
        drain(request.getInputStream());
      }
      throw tooLarge(limit);
    }
    long most = declared < 0 ? limit : declared;
    InputStream in = request.getInputStream();
    ByteArrayOutputStream out = new ByteArrayOutputStream(FIRST_BYTES);
    byte[] buffer = new byte[BUFFER_BYTES];
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      share.take(n, Math.max(n, most - out.size()), caller);
      out.write(buffer, 0, n);
      if (out.size() > limit) {
        drain(in);
        throw tooLarge(limit);
      }
    }
    return out.toByteArray();
  }

  private static void drain(InputStream in) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    long left = DRAIN_BYTES;
    for (int n = in.read(buffer); n >= 0 && left > 0; n = in.read(buffer)) {
      left -= n;
    }
  }

  private static DaytonaException tooLarge(long limit) {
    return DaytonaException.of(
        ErrorKind.PAYLOAD_TOO_LARGE, "request body must not be larger than " + limit + " bytes");
  }

  private static DaytonaException malformed(IOException cause) {
    return new DaytonaException(
        ErrorKind.BAD_REQUEST,
        ErrorRenderer.MALFORMED_JSON,
        "Invalid JSON in request body",
        null,
        cause);
  }

  private static DaytonaException mapped(JsonMappingException e) {
    if (e.getCause() instanceof DaytonaException refused) {
      return refused;
    }
    if (e.getCause() instanceof JsonParseException broken) {
      return malformed(broken);
    }
    String where =
        e.getPath().stream()
            .map(step -> step.getFieldName() != null ? step.getFieldName() : "" + step.getIndex())
            .collect(Collectors.joining("."));
    Class<?> expected = e instanceof MismatchedInputException m ? m.getTargetType() : null;
    String name = where.isEmpty() ? "request body" : where;
    return wrong(name + " " + sentence(expected), e);
  }

  private static String sentence(@Nullable Class<?> expected) {
    if (expected == null) {
      return "has a value that is not allowed";
    }
    if (expected.isEnum()) {
      return "must be one of the following values: "
          + Arrays.stream(expected.getEnumConstants())
              .map(constant -> Json.mapper().convertValue(constant, String.class))
              .collect(Collectors.joining(", "));
    }
    if (CharSequence.class.isAssignableFrom(expected)) {
      return "must be a string";
    }
    if (expected == Boolean.class || expected == boolean.class) {
      return "must be a boolean value";
    }
    if (expected == Integer.class
        || expected == int.class
        || expected == Long.class
        || expected == long.class) {
      return "must be an integer number";
    }
    if (Number.class.isAssignableFrom(expected) || expected.isPrimitive()) {
      return "must be a number";
    }
    if (Collection.class.isAssignableFrom(expected) || expected.isArray()) {
      return "must be an array";
    }
    if (Map.class.isAssignableFrom(expected) || expected.isRecord()) {
      return "must be an object" + keys(expected);
    }
    return "has a value that is not allowed";
  }

  private static String keys(Class<?> expected) {
    RecordComponent[] components = expected.getRecordComponents();
    return components == null || components.length == 0
        ? ""
        : " with the keys "
            + Arrays.stream(components)
                .map(RecordComponent::getName)
                .collect(Collectors.joining(", "));
  }

  private static DaytonaException wrong(String message, @Nullable Throwable cause) {
    return new DaytonaException(
        ErrorKind.BAD_REQUEST, ErrorRenderer.WRONG_BODY, message, null, cause);
  }
}
