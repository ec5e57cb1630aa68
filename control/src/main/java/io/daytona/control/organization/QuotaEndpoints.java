package io.daytona.control.organization;

import io.daytona.control.apikey.ApiKeys;
import io.daytona.control.apikey.Principal;
import io.daytona.control.persistence.Database;
import io.daytona.http.Access;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.http.Method;
import io.daytona.http.limit.RateLimit;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What the administrator grants organizations (control-plane protocol §10, v0.205+). */
public final class QuotaEndpoints {
  private static final String ID = "organizationId";

  private final Database database;
  private final ApiKeys keys;

  /**
   * @param database where the rows are
   * @param keys hear of a change at once
   */
  public QuotaEndpoints(Database database, ApiKeys keys) {
    this.database = database;
    this.keys = keys;
  }

  /** The rows of the endpoint table. */
  public List<Endpoint<?, ?>> endpoints() {
    return List.of(
        new Endpoint<>(
            Method.PATCH,
            "/organizations/{organizationId}/quota",
            "updateOrganizationQuota",
            "Gives an organization limits of request rates of its own; null: the configured ones",
            Access.MEMBER,
            UpdateQuotaBody.class,
            Void.class,
            204,
            this::update));
  }

  private @Nullable Void update(Call<UpdateQuotaBody> call) {
    if (!call.principal(Principal.class).accountId().equals(FirstRun.ADMINISTRATOR)) {
      throw DaytonaException.of(
          ErrorKind.FORBIDDEN, "Access denied: this takes the platform administrator's API key");
    }
    UpdateQuotaBody body = call.body();
    refuseOthers(body);
    Map<String, @Nullable Integer> columns = new LinkedHashMap<>();
    limit(
        columns,
        "authenticated",
        body.authenticatedRateLimit(),
        body.authenticatedRateLimitTtlSeconds());
    limit(
        columns,
        "sandbox_create",
        body.sandboxCreateRateLimit(),
        body.sandboxCreateRateLimitTtlSeconds());
    limit(
        columns,
        "sandbox_lifecycle",
        body.sandboxLifecycleRateLimit(),
        body.sandboxLifecycleRateLimitTtlSeconds());
    if (!change(call.path(ID), columns)) {
      throw DaytonaException.notFound("Organization not found");
    }
    keys.changed();
    return null;
  }

  private boolean change(String organization, Map<String, @Nullable Integer> columns) {
    String id;
    try {
      id = UUID.fromString(organization).toString();
    } catch (IllegalArgumentException e) {
      return false;
    }
    String assignments =
        String.join(", ", columns.keySet().stream().map(name -> name + " = :" + name).toList());
    return database.run(handle -> {
      var statement =
          handle
              .createUpdate(
                  "UPDATE organization SET "
                      + assignments
                      + ", updated_at = now() WHERE id = CAST(:id AS uuid)")
              .bind("id", id);
      columns.forEach((name, value) -> statement.bindByType(name, value, Integer.class));
      return statement.execute();
    })
        > 0;
  }

  private static void limit(
      Map<String, @Nullable Integer> columns,
      String limiter,
      @Nullable Integer limit,
      @Nullable Integer ttl) {
    try {
      RateLimit checked = new RateLimit(limit == null ? 1 : limit, ttl == null ? 1 : ttl);
      columns.put(limiter + "_rate_limit", limit == null ? null : checked.limit());
      columns.put(limiter + "_rate_limit_ttl_seconds", ttl == null ? null : checked.ttl());
    } catch (IllegalArgumentException e) {
      throw DaytonaException.badRequest(e.getMessage() == null ? "wrong limit" : e.getMessage());
    }
  }

  private static void refuseOthers(UpdateQuotaBody body) {
    Map<String, @Nullable Double> others = new LinkedHashMap<>();
    others.put("maxCpuPerSandbox", body.maxCpuPerSandbox());
    others.put("maxMemoryPerSandbox", body.maxMemoryPerSandbox());
    others.put("maxDiskPerSandbox", body.maxDiskPerSandbox());
    others.put("snapshotQuota", body.snapshotQuota());
    others.put("maxSnapshotSize", body.maxSnapshotSize());
    others.put("volumeQuota", body.volumeQuota());
    others.put("secretQuota", body.secretQuota());
    others.put("maxSecretsPerSandbox", body.maxSecretsPerSandbox());
    others.put("snapshotDeactivationTimeoutMinutes", body.snapshotDeactivationTimeoutMinutes());
    others.put("maxConcurrentSnapshotProcessing", body.maxConcurrentSnapshotProcessing());
    others.forEach((name, value) -> {
      if (value != null) {
        throw DaytonaException.badRequest(
            name + " is not bounded by this platform; send null, and limits of request rates only");
      }
    });
  }
}
