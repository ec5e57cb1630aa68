package io.daytona.control.persistence;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Column types between PostgreSQL and Java. */
public final class Columns {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<Map<String, String>> STRINGS = new TypeReference<>() {};

  private Columns() {}

  /** A time as a parameter. */
  public static @Nullable OffsetDateTime time(@Nullable Instant instant) {
    return instant == null ? null : instant.atOffset(ZoneOffset.UTC);
  }

  /** A time that is always there. */
  public static Instant time(ResultSet row, String column) throws SQLException {
    return row.getObject(column, OffsetDateTime.class).toInstant();
  }

  /** A time that may be null. */
  public static @Nullable Instant timeOrNull(ResultSet row, String column) throws SQLException {
    OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }

  /** A {@code text[]}; null when the column is. */
  public static @Nullable List<String> textsOrNull(ResultSet row, String column)
      throws SQLException {
    Array array = row.getArray(column);
    return array == null ? null : List.of((String[]) array.getArray());
  }

  /** A {@code text[]} that is always there. */
  public static List<String> texts(ResultSet row, String column) throws SQLException {
    List<String> texts = textsOrNull(row, column);
    return texts == null ? List.of() : texts;
  }

  /** A {@code text[]} as a parameter. */
  public static String[] array(List<String> texts) {
    return texts.toArray(String[]::new);
  }

  /** A JSON object of strings. */
  public static Map<String, String> strings(ResultSet row, String column) throws SQLException {
    try {
      return JSON.readValue(row.getString(column), STRINGS);
    } catch (JsonProcessingException e) {
      throw new SQLException("column " + column + " is not an object of strings", e);
    }
  }

  /** A JSON object of strings as a parameter to be cast to {@code jsonb}. */
  public static String json(Map<String, String> strings) {
    try {
      return JSON.writeValueAsString(strings);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings can always be written as JSON", e);
    }
  }
}
