package io.daytona.toolbox.file;

import com.fasterxml.jackson.core.JsonGenerator;
import io.daytona.http.Json;
import io.daytona.http.RawReply;
import io.daytona.toolbox.fsutil.FileToolRecords;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes what the file tool finds as a JSON array while it is found, in constant memory. When
 * nothing is found for a while, blanks between the values tell the client that the search goes on,
 * and the search that the client has left.
 */
final class RecordsReply implements RawReply.Writer {
  private static final String JSON = "application/json; charset=utf-8";
  private static final Duration BLANK_EVERY = Duration.ofSeconds(10);

  private final FileToolRecords records;
  private final String key;
  private final Element element;
  private @Nullable List<byte[]> first;

  /** Writes one record as a value. */
  interface Element {
    /** Writes it. */
    void write(JsonGenerator json, List<byte[]> record) throws IOException;
  }

  private RecordsReply(
      FileToolRecords records, String key, Element element, @Nullable List<byte[]> first) {
    this.records = records;
    this.key = key;
    this.element = element;
    this.first = first;
  }

  /**
   * The reply; waits a little for the first record, because what cannot be searched at all is an
   * error.
   *
   * @param key of the object that holds the array; empty when there is none
   */
  static RawReply of(FileToolRecords records, String key, Element element)
      throws InterruptedException {
    boolean ready = false;
    try {
      List<byte[]> first = records.next(BLANK_EVERY);
      ready = true;
      return new RawReply(200, JSON, -1, Map.of(), new RecordsReply(records, key, element, first));
    } finally {
      if (!ready) {
        records.close();
      }
    }
  }

  /** An array without elements. */
  static RawReply none(String key) {
    return new RawReply(
        200,
        JSON,
        -1,
        Map.of(),
        out -> {
          try (JsonGenerator json = generator(out)) {
            begin(json, key);
            end(json, key);
          }
        });
  }

  @Override
  public void write(OutputStream out) throws IOException, InterruptedException {
    try (records;
        JsonGenerator json = generator(out)) {
      begin(json, key);
      List<byte[]> record = first;
      first = null;
      while (record != null || !records.ended()) {
        if (record == null) {
          json.writeRaw(' ');
          json.flush();
        } else {
          element.write(json, record);
        }
        record = records.next(BLANK_EVERY);
      }
      end(json, key);
    }
  }

  @Override
  public void discard() {
    records.close();
  }

  /** After an exception the array stays open, so that nobody takes a part for the whole. */
  private static JsonGenerator generator(OutputStream out) throws IOException {
    return Json.mapper()
        .createGenerator(out)
        .disable(JsonGenerator.Feature.AUTO_CLOSE_JSON_CONTENT)
        .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
  }

  private static void begin(JsonGenerator json, String key) throws IOException {
    if (!key.isEmpty()) {
      json.writeStartObject();
      json.writeFieldName(key);
    }
    json.writeStartArray();
  }

  private static void end(JsonGenerator json, String key) throws IOException {
    json.writeEndArray();
    if (!key.isEmpty()) {
      json.writeEndObject();
    }
  }
}
