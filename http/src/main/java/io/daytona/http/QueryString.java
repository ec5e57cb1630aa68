package io.daytona.http;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a query string, read as the reference does: {@code a=x&a=y}, {@code a[]=x} and
 * {@code a[0]=x} are the same list (control-plane protocol §1.1), raw braces and quotes are data
 * (rule 6), and a percent sign that begins no escape stands for itself.
 */
public final class QueryString {
  private static final Pattern INDEX = Pattern.compile("\\[\\d*]$");

  private QueryString() {}

  /** Decoded values by name, both in the order of their first appearance. */
  public static Map<String, List<String>> parse(@Nullable String raw) {
    if (raw == null || raw.isEmpty()) {
      return Map.of();
    }
    Map<String, List<String>> values = new LinkedHashMap<>();
    int from = 0;
    while (from <= raw.length()) {
      int end = raw.indexOf('&', from);
      if (end < 0) {
        end = raw.length();
      }
      if (end > from) {
        add(values, raw.substring(from, end));
      }
      from = end + 1;
    }
    return values;
  }

  private static void add(Map<String, List<String>> values, String pair) {
    int equals = pair.indexOf('=');
    String name = decode(equals < 0 ? pair : pair.substring(0, equals));
    String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
    if (name.endsWith("]")) {
      name = INDEX.matcher(name).replaceFirst("");
    }
    values.computeIfAbsent(name, key -> new ArrayList<>(1)).add(value);
  }

  private static String decode(String text) {
    if (text.indexOf('%') < 0 && text.indexOf('+') < 0) {
      return text;
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length);
    for (int at = 0; at < bytes.length; at++) {
      int high = at + 2 < bytes.length ? Character.digit(bytes[at + 1], 16) : -1;
      int low = high < 0 ? -1 : Character.digit(bytes[at + 2], 16);
      if (bytes[at] == '%' && low >= 0) {
        out.write((high << 4) | low);
        at += 2;
      } else {
        out.write(bytes[at] == '+' ? ' ' : bytes[at]);
      }
    }
    return out.toString(StandardCharsets.UTF_8);
  }
}
