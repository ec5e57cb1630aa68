package io.daytona.http.openapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.daytona.http.Access;
import io.daytona.http.Endpoint;
import io.daytona.http.Json;
import io.daytona.http.Method;
import io.daytona.http.RawReply;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An OpenAPI 3.1 document made from endpoint tables, so that it cannot differ from the routes. */
public final class OpenApiDocument {
  private static final Pattern PARAMETER = Pattern.compile("\\{([^}]+)}");

  private final ObjectNode root = Json.mapper().createObjectNode();
  private final ObjectNode paths;
  private final Schemas schemas;

  /**
   * An empty document.
   *
   * @param title name of the API
   * @param version version of the API
   */
  public OpenApiDocument(String title, String version) {
    root.put("openapi", "3.1.0");
    root.putObject("info").put("title", title).put("version", version);
    paths = root.putObject("paths");
    ObjectNode components = root.putObject("components");
    schemas = new Schemas(components.putObject("schemas"));
    components
        .putObject("securitySchemes")
        .putObject("bearer")
        .put("type", "http")
        .put("scheme", "bearer");
  }

  /** Adds a table below a prefix. */
  public OpenApiDocument add(String prefix, List<Endpoint<?, ?>> endpoints) {
    endpoints.stream()
        // The format has no word for any method.
        .filter(endpoint -> endpoint.method() != Method.ANY)
        .forEach(endpoint -> add(prefix + endpoint.path(), endpoint));
    return this;
  }

  /** The document. */
  public ObjectNode json() {
    return root.deepCopy();
  }

  private void add(String path, Endpoint<?, ?> endpoint) {
    ObjectNode operation =
        paths
            .withObjectProperty(path)
            .putObject(endpoint.method().name().toLowerCase(Locale.ROOT))
            .put("operationId", endpoint.operation())
            .put("summary", endpoint.summary());
    access(operation, endpoint.access());
    Matcher parameter = PARAMETER.matcher(path);
    while (parameter.find()) {
      operation
          .withArrayProperty("parameters")
          .addObject()
          .put("name", parameter.group(1))
          .put("in", "path")
          .put("required", true)
          .putObject("schema")
          .put("type", "string");
    }
    endpoint
        .headers()
        .forEach((name, sentence) ->
            operation
                .withArrayProperty("parameters")
                .addObject()
                .put("name", name)
                .put("in", "header")
                .put("required", false)
                .put("description", sentence)
                .putObject("schema")
                .put("type", "string"));
    body(operation, endpoint.body());
    reply(operation, endpoint);
  }

  private static void access(ObjectNode operation, Access access) {
    if (access instanceof Access.Public) {
      operation.putArray("security");
      return;
    }
    operation.putArray("security").addObject().putArray("bearer");
    if (access instanceof Access.Permission permission) {
      operation.put("x-permission", permission.name());
    }
  }

  private void body(ObjectNode operation, Class<?> type) {
    if (type == Void.class) {
      return;
    }
    ObjectNode content = operation.putObject("requestBody").putObject("content");
    if (type == InputStream.class) {
      content.putObject("*/*");
    } else {
      content.putObject("application/json").set("schema", schemas.of(type));
    }
  }

  private void reply(ObjectNode operation, Endpoint<?, ?> endpoint) {
    ObjectNode responses = operation.putObject("responses");
    ObjectNode success = responses.putObject("" + endpoint.status()).put("description", "Success");
    if (endpoint.reply() == RawReply.class) {
      success.putObject("content").putObject("*/*");
    } else if (endpoint.reply() != Void.class) {
      success
          .putObject("content")
          .putObject("application/json")
          .set("schema", schemas.of(endpoint.reply()));
    }
    responses.putObject("default").put("description", "An error in the API's documented shape");
  }
}
