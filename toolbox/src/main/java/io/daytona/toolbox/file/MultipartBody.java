package io.daytona.toolbox.file;

import io.daytona.toolbox.error.ToolboxError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.io.Content;
import org.jspecify.annotations.Nullable;

/** Reads a {@code multipart/form-data} body as a stream, in constant memory. */
final class MultipartBody {
  private static final int BUFFER = 128 * 1024;
  private static final int MAX_PART_HEADERS = 16 * 1024;
  private static final int MAX_PARTS = 100_000;
  private static final Pattern BOUNDARY =
      Pattern.compile(";\\s*boundary=(?:\"([^\"]*)\"|([^;\\s]*))", Pattern.CASE_INSENSITIVE);

  /** Each escape takes some of the stack. */
  private static final Pattern NAME =
      Pattern.compile(
          "(?:^|;)\\s*name=(?:\"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+){0,100}+)\"|([^;\\s\"]*))",
          Pattern.CASE_INSENSITIVE);

  /** Takes the parts in order. */
  interface Parts {
    /** A part begins. */
    void begin(String name);

    /** Bytes of the part; they belong to the caller and change after the call. */
    void content(byte[] bytes, int offset, int length);

    /** The part is complete. */
    void end();
  }

  private MultipartBody() {}

  /** Whether a content type is that of a form. */
  static boolean isForm(Optional<String> contentType) {
    return contentType
        .filter(type -> type.toLowerCase(Locale.ROOT).startsWith("multipart/form-data"))
        .isPresent();
  }

  /** The boundary of a form's content type; empty when there is none. */
  static Optional<String> boundary(Optional<String> contentType) {
    return contentType
        .filter(type -> isForm(contentType))
        .map(BOUNDARY::matcher)
        .filter(Matcher::find)
        .map(found -> found.group(1) == null ? found.group(2) : found.group(1))
        .filter(boundary -> !boundary.isEmpty());
  }

  /**
   * Reads the body to its end.
   *
   * @throws IOException when the client went away
   * @throws io.daytona.wire.error.DaytonaException 400 when it is malformed; the body has been read
   *     to its end then too
   */
  static void read(InputStream in, String boundary, Parts parts) throws IOException {
    Listener listener = new Listener(parts);
    MultiPart.Parser parser = new MultiPart.Parser(boundary, listener);
    parser.setPartHeadersMaxLength(MAX_PART_HEADERS);
    parser.setMaxParts(MAX_PARTS);
    byte[] buffer = new byte[BUFFER];
    int count;
    do {
      // Whole buffers: each piece that is passed on costs two threads a turn.
      count = in.readNBytes(buffer, 0, BUFFER);
      if (count > 0 && listener.goesOn()) {
        parser.parse(Content.Chunk.from(ByteBuffer.wrap(buffer, 0, count), false));
      }
    } while (count == BUFFER);
    if (listener.goesOn()) {
      parser.parse(Content.Chunk.EOF);
    }
    listener.requireComplete();
  }

  private static final class Listener implements MultiPart.Parser.Listener {
    private final Parts parts;
    private String name = "";
    private boolean complete;
    private @Nullable Throwable failure;

    Listener(Parts parts) {
      this.parts = parts;
    }

    boolean goesOn() {
      return failure == null && !complete;
    }

    void requireComplete() {
      Throwable cause = failure;
      if (cause != null || !complete) {
        throw ToolboxError.badRequest(
            "invalid multipart form: "
                + (cause == null ? "it ends without its closing boundary" : cause.getMessage()));
      }
    }

    @Override
    public void onPartBegin() {
      name = "";
    }

    @Override
    public void onPartHeader(String header, String value) {
      if (header.equalsIgnoreCase("Content-Disposition")) {
        Matcher matcher = NAME.matcher(value);
        if (matcher.find()) {
          String quoted = matcher.group(1);
          name = quoted == null ? matcher.group(2) : quoted.replaceAll("\\\\(.)", "$1");
        }
      }
    }

    @Override
    public void onPartHeaders() {
      parts.begin(name);
    }

    @Override
    public void onPartContent(Content.Chunk chunk) {
      ByteBuffer bytes = chunk.getByteBuffer();
      if (bytes.hasArray()) {
        parts.content(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
      } else {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        parts.content(copy, 0, copy.length);
      }
    }

    @Override
    public void onPartEnd() {
      parts.end();
    }

    @Override
    public void onComplete() {
      complete = true;
    }

    @Override
    public void onFailure(Throwable cause) {
      failure = cause;
    }
  }
}
