package io.daytona.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.daytona.http.Access;
import io.daytona.http.Endpoint;
import io.daytona.http.openapi.OpenApiDocument;
import java.util.List;

/** What the API's listener serves beside the API: where things are, and the OpenAPI document. */
final class FrontDoor {
  private FrontDoor() {}

  /**
   * The rows.
   *
   * @param api the API's table, described by the document
   * @param version release
   */
  static List<Endpoint<?, ?>> endpoints(List<Endpoint<?, ?>> api, String version) {
    ObjectNode document = new OpenApiDocument("Daytona", version).add("/api", api).json();
    return List.of(
        Endpoint.get(
            "/",
            "index",
            "Tells where the API is.",
            Access.PUBLIC,
            Index.class,
            call -> new Index("Daytona", version, "/api", "/api-json")),
        document("/api-json", "openApi", document),
        document("/api/openapi.json", "openApiFile", document));
  }

  private static Endpoint<Void, ObjectNode> document(
      String path, String operation, ObjectNode document) {
    return Endpoint.get(
        path,
        operation,
        "The OpenAPI document of this API.",
        Access.PUBLIC,
        ObjectNode.class,
        call -> document);
  }

  /**
   * Reply of {@code /}.
   *
   * @param name what serves here
   * @param version release
   * @param api path of the API
   * @param openapi path of the OpenAPI document
   */
  record Index(String name, String version, String api, String openapi) {}
}
