package io.daytona.bench.run;

import io.daytona.bench.row.Row;
import java.util.List;
import java.util.function.Function;

/**
 * Rows that are measured together.
 *
 * @param name what {@code --only} takes
 * @param says what they are
 * @param quick whether they are measured without {@code --complete} too
 * @param measure measures them
 */
public record Group(String name, String says, boolean quick, Function<Run, List<Row>> measure) {}
