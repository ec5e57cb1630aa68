package io.daytona.toolbox.file;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Composes a multipart form as clients send it. */
final class Form {
  static final String BOUNDARY = "----test-boundary-7d3a";
  static final String CONTENT_TYPE = "multipart/form-data; boundary=" + BOUNDARY;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  Form field(String name, String value) {
    return field(name, value.getBytes(StandardCharsets.UTF_8));
  }

  Form field(String name, byte[] value) {
    head("form-data; name=\"" + name + "\"", "");
    out.writeBytes(value);
    return line("");
  }

  Form file(String name, byte[] bytes) {
    head(
        "form-data; name=\"" + name + "\"; filename=\"name; of \\\"the\\\" client\"",
        "\r\nContent-Type: application/octet-stream");
    out.writeBytes(bytes);
    return line("");
  }

  Form file(String name, String text) {
    return file(name, text.getBytes(StandardCharsets.UTF_8));
  }

  /** The form with its closing boundary. */
  byte[] closed() {
    line("--" + BOUNDARY + "--");
    return out.toByteArray();
  }

  /** The form as if the client had stopped. */
  byte[] cut() {
    return out.toByteArray();
  }

  private void head(String disposition, String more) {
    line("--" + BOUNDARY);
    line("Content-Disposition: " + disposition + more);
    line("");
  }

  private Form line(String text) {
    out.writeBytes((text + "\r\n").getBytes(StandardCharsets.UTF_8));
    return this;
  }
}
