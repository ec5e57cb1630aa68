package io.daytona.server.config;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Makes configuration records from settings. */
public final class ConfigBinder {
  private static final Pattern DURATION = Pattern.compile("(\\d+)(ms|s|m|h|d)");

  private final Settings settings;

  /** Binds these settings. */
  public ConfigBinder(Settings settings) {
    this.settings = settings;
  }

  /**
   * The record with its values.
   *
   * @throws ConfigException naming the key that is missing or does not fit
   */
  public <C extends Record> C bind(Class<C> type) {
    List<Key> keys = Key.of(type);
    RecordComponent[] components = type.getRecordComponents();
    Object[] arguments = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      arguments[i] = value(keys.get(i), components[i].getGenericType());
    }
    try {
      Class<?>[] parameters =
          Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
      var constructor = type.getDeclaredConstructor(parameters);
      constructor.setAccessible(true);
      return constructor.newInstance(arguments);
    } catch (InvocationTargetException e) {
      // The records' own checks; their messages name what is allowed.
      throw new ConfigException(type.getSimpleName() + ": " + reason(e));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type.getName() + " cannot be made", e);
    }
  }

  private static String reason(InvocationTargetException e) {
    Throwable cause = e.getCause();
    return cause == null ? e.toString() : String.valueOf(cause.getMessage());
  }

  private Object value(Key key, Type type) {
    Optional<String> text = settings.text(key);
    if (type instanceof ParameterizedType generic) {
      Type item = generic.getActualTypeArguments()[0];
      if (generic.getRawType() == Optional.class) {
        return text.map(value -> parse(key, value, (Class<?>) item));
      }
      if (generic.getRawType() == List.class) {
        return text.stream()
            .flatMap(value -> Stream.of(value.split(",", -1)))
            .map(String::strip)
            .filter(value -> !value.isEmpty())
            .map(value -> parse(key, value, (Class<?>) item))
            .toList();
      }
    }
    String value =
        text.orElseThrow(
            () -> new IllegalArgumentException(key.name() + " may be absent but is no Optional"));
    return parse(key, value, (Class<?>) type);
  }

  private static Object parse(Key key, String text, Class<?> type) {
    try {
      return parse(text, type);
    } catch (IllegalArgumentException | ArithmeticException e) {
      String shown = key.secret() ? "the value of " + key.name() : key.name() + "=" + text;
      throw new ConfigException(
          shown + " is not " + expected(type) + " (" + key.description() + ")");
    }
  }

  private static Object parse(String text, Class<?> type) {
    if (type == String.class) {
      return text;
    }
    if (type == int.class || type == Integer.class) {
      return Integer.valueOf(text);
    }
    if (type == long.class || type == Long.class) {
      return Long.valueOf(text);
    }
    if (type == double.class || type == Double.class) {
      return Double.valueOf(text);
    }
    if (type == boolean.class || type == Boolean.class) {
      return bool(text);
    }
    if (type == Path.class) {
      return Path.of(text);
    }
    if (type == Duration.class) {
      return duration(text);
    }
    if (type.isEnum()) {
      return Arrays.stream(type.getEnumConstants())
          .filter(constant -> constant.toString().equalsIgnoreCase(text))
          .findFirst()
          .orElseThrow(IllegalArgumentException::new);
    }
    throw new IllegalStateException("no configuration value can be a " + type.getName());
  }

  private static boolean bool(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException(text);
    };
  }

  private static Duration duration(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(text);
    }
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      case "h" -> Duration.ofHours(amount);
      default -> Duration.ofDays(amount);
    };
  }

  private static String expected(Class<?> type) {
    if (type.isEnum()) {
      return "one of "
          + String.join(
              ", ", Arrays.stream(type.getEnumConstants()).map(Object::toString).toList());
    }
    if (type == Duration.class) {
      return "a duration such as 500ms, 30s, 5m, 2h or 1d";
    }
    return switch (type.getSimpleName().toLowerCase(Locale.ROOT)) {
      case "int", "integer", "long" -> "a whole number";
      case "double" -> "a number";
      case "boolean" -> "true or false";
      default -> "a " + type.getSimpleName().toLowerCase(Locale.ROOT);
    };
  }
}
