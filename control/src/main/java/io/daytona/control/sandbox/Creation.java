package io.daytona.control.sandbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.daytona.http.Call;
import io.daytona.http.Json;
import io.daytona.http.LogContext;
import io.daytona.wire.admission.Bulkhead;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import io.daytona.wire.sandbox.DesiredState;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/**
 * Creates sandboxes as clients ask for them. With the header {@code Idempotency-Key} a repeated
 * request gives the sandbox of the first one, also while that is still being made and after a
 * crash.
 *
 * <p>The key's row names the sandbox's id before that is made. Whoever finds a key without a
 * sandbox makes it under this id; in this process one at a time.
 */
final class Creation {
  static final String KEY_HEADER = "Idempotency-Key";
  private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,255}");
  private static final double NANOS = 1e6;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  // A sandbox that was left in the middle by a crash is finished meanwhile.
  private static final Duration RECOVERY_PATIENCE = Duration.ofSeconds(30);
  private static final ObjectWriter SORTED =
      Json.mapper().writer().with(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

  private final CreateValidation validation;
  private final Lifecycle lifecycle;
  private final Activity activity;
  private final SandboxStore store;
  private final Operations operations;
  private final IdempotencyKeys keys;
  private final ConcurrentHashMap<String, CompletableFuture<Outcome>> running =
      new ConcurrentHashMap<>();

  Creation(
      CreateValidation validation,
      Lifecycle lifecycle,
      Activity activity,
      SandboxStore store,
      Operations operations,
      IdempotencyKeys keys) {
    this.validation = validation;
    this.lifecycle = lifecycle;
    this.activity = activity;
    this.store = store;
    this.operations = operations;
    this.keys = keys;
  }

  /**
   * Makes the sandbox that is asked for, or finds the one that was made for the same key.
   *
   * @throws DaytonaException as {@link CreateValidation#check} and {@link Lifecycle#create}; 400
   *     for a malformed key, 410 when the key's sandbox was deleted, 422 when the key came with
   *     another body
   */
  Outcome create(Call<CreateSandboxBody> call, String organizationId) throws InterruptedException {
    Optional<String> key = call.header(KEY_HEADER).map(String::strip);
    if (key.isEmpty()) {
      return make(call, organizationId, UUID.randomUUID().toString());
    }
    if (!KEY.matcher(key.get()).matches()) {
      throw DaytonaException.badRequest(
          KEY_HEADER + " must have 1 to 255 visible ASCII characters without blanks");
    }
    var request = new IdempotencyKeys.Request(organizationId, key.get(), hash(call.body()));
    Optional<String> known = keys.find(request);
    if (known.isPresent()) {
      return once(known.get(), request, call);
    }
    String id = UUID.randomUUID().toString();
    // A body that is refused must not bind the key.
    validation.check(organizationId, call.body(), id);
    return once(keys.claim(request, id), request, call);
  }

  private Outcome make(Call<CreateSandboxBody> call, String organizationId, String id)
      throws InterruptedException {
    long begin = System.nanoTime();
    CreateValidation.Checked checked = validation.check(organizationId, call.body(), id);
    call.timing("validate", (System.nanoTime() - begin) / NANOS);
    LogContext.sandbox(id);
    Outcome outcome =
        lifecycle.create(checked.sandbox(), checked.ownName(), call::whenClientLeaves);
    activity.usedSnapshot(checked.snapshotId());
    return outcome;
  }

  /** Makes the sandbox of this id, unless that is being done or has been done. */
  private Outcome once(String id, IdempotencyKeys.Request request, Call<CreateSandboxBody> call)
      throws InterruptedException {
    LogContext.sandbox(id);
    CompletableFuture<Outcome> own = new CompletableFuture<>();
    CompletableFuture<Outcome> other = running.putIfAbsent(id, own);
    if (other != null) {
      Optional<Outcome> made = awaited(other);
      return made.isPresent() ? made.get() : once(id, request, call);
    }
    try {
      Outcome outcome = madeOrFound(id, request, call);
      own.complete(Outcome.of(outcome.sandbox()));
      return outcome;
    } catch (RuntimeException | Error | InterruptedException e) {
      // Before the others hear of it, one of whom may make it instead.
      running.remove(id, own);
      own.completeExceptionally(e);
      throw e;
    } finally {
      running.remove(id, own);
    }
  }

  private Outcome madeOrFound(
      String id, IdempotencyKeys.Request request, Call<CreateSandboxBody> call)
      throws InterruptedException {
    Optional<Operation> recovery = operations.current(id);
    if (recovery.isPresent()) {
      // The row tells what came of it, in time or not.
      boolean _ = recovery.get().overWithin(RECOVERY_PATIENCE);
    }
    Optional<Sandbox> row = store.find(id);
    if (row.isEmpty()) {
      return make(call, request.organizationId(), id);
    }
    Sandbox sandbox = row.get();
    if (sandbox.desiredState() == DesiredState.DESTROYED) {
      String next = keys.renew(request, id).orElseThrow(Creation::deleted);
      return once(next, request, call);
    }
    if (sandbox.errored() && sandbox.daemonVersion() == null) {
      throw Steps.failedToStart(String.valueOf(sandbox.errorReason()));
    }
    return Outcome.of(sandbox);
  }

  /** What another request made; empty when its client left before its turn. */
  private static Optional<Outcome> awaited(CompletableFuture<Outcome> other)
      throws InterruptedException {
    try {
      return Optional.of(other.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof DaytonaException refused
          && refused.code().equals(Bulkhead.LEFT)) {
        return Optional.empty();
      }
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw interrupted();
    } catch (TimeoutException e) {
      throw interrupted();
    }
  }

  private static DaytonaException interrupted() {
    return DaytonaException.unavailable(
        "The sandbox of this Idempotency-Key is still being created. Try again in a few seconds",
        Duration.ofSeconds(5));
  }

  private static DaytonaException deleted() {
    return DaytonaException.of(
        ErrorKind.GONE,
        "The sandbox of this Idempotency-Key was deleted. Send another key for another sandbox");
  }

  private static String hash(CreateSandboxBody body) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(sha.digest(SORTED.writeValueAsBytes(body)));
    } catch (NoSuchAlgorithmException | JsonProcessingException e) {
      throw new IllegalStateException("a body can always be hashed", e);
    }
  }
}
