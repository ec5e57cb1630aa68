package io.daytona.http.openapi;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.daytona.http.Json;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON schemas of the records that stand on the wire. */
final class Schemas {
  private final ObjectNode named;

  Schemas(ObjectNode named) {
    this.named = named;
  }

  /** The schema of a type; records become named schemas and are referred to. */
  ObjectNode of(Type type) {
    return switch (type) {
      case ParameterizedType generic -> generic(generic);
      case Class<?> plain -> plain(plain);
      default -> object();
    };
  }

  private ObjectNode generic(ParameterizedType type) {
    Class<?> raw = (Class<?>) type.getRawType();
    Type[] arguments = type.getActualTypeArguments();
    if (Collection.class.isAssignableFrom(raw)) {
      ObjectNode array = object().put("type", "array");
      array.set("items", of(arguments[0]));
      return array;
    }
    if (Map.class.isAssignableFrom(raw)) {
      ObjectNode map = object().put("type", "object");
      map.set("additionalProperties", of(arguments[1]));
      return map;
    }
    return plain(raw);
  }

  private ObjectNode plain(Class<?> type) {
    if (CharSequence.class.isAssignableFrom(type) || type == char.class) {
      return object().put("type", "string");
    }
    if (type == boolean.class || type == Boolean.class) {
      return object().put("type", "boolean");
    }
    if (type == int.class || type == long.class || type == Integer.class || type == Long.class) {
      return object().put("type", "integer");
    }
    if (type.isPrimitive() || Number.class.isAssignableFrom(type)) {
      return object().put("type", "number");
    }
    if (type == Instant.class) {
      return object().put("type", "string").put("format", "date-time");
    }
    if (type.isArray()) {
      ObjectNode array = object().put("type", "array");
      array.set("items", of(type.getComponentType()));
      return array;
    }
    if (Map.class.isAssignableFrom(type)) {
      return object().put("type", "object");
    }
    if (type.isEnum()) {
      return enumeration(type);
    }
    return type.isRecord() ? record(type) : object();
  }

  private static ObjectNode enumeration(Class<?> type) {
    ObjectNode schema = object().put("type", "string");
    ArrayNode values = schema.putArray("enum");
    for (Object constant : type.getEnumConstants()) {
      values.add(Json.mapper().convertValue(constant, String.class));
    }
    return schema;
  }

  private ObjectNode record(Class<?> type) {
    String name = name(type);
    if (!named.has(name)) {
      ObjectNode schema = named.putObject(name).put("type", "object");
      ObjectNode properties = schema.putObject("properties");
      ArrayNode required = schema.putArray("required");
      for (RecordComponent component : type.getRecordComponents()) {
        String key = key(component);
        ObjectNode property = of(component.getGenericType());
        if (component.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
          properties.set(key, nullable(property));
        } else {
          properties.set(key, property);
          required.add(key);
        }
      }
    }
    return object().put("$ref", "#/components/schemas/" + name);
  }

  /** Nested records get the outer one's name in front, so that two of the same name stay apart. */
  private static String name(Class<?> type) {
    Class<?> outer = type.getEnclosingClass();
    return outer == null ? type.getSimpleName() : outer.getSimpleName() + type.getSimpleName();
  }

  private static String key(RecordComponent component) {
    JsonProperty renamed = component.getAccessor().getAnnotation(JsonProperty.class);
    return renamed == null || renamed.value().isEmpty() ? component.getName() : renamed.value();
  }

  private static ObjectNode nullable(ObjectNode schema) {
    if (schema.path("type").isTextual()) {
      String type = schema.path("type").asText();
      schema.putArray("type").add(type).add("null");
      return schema;
    }
    ObjectNode either = object();
    either.putArray("anyOf").add(schema).addObject().put("type", "null");
    return schema.isEmpty() ? schema : either;
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }
}
