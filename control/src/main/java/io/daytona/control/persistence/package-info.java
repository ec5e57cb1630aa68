/** PostgreSQL: migrations, retries and column types. */
@NullMarked
package io.daytona.control.persistence;

import org.jspecify.annotations.NullMarked;
