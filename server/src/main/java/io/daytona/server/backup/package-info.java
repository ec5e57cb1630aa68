/** What a backup holds of a platform. */
@NullMarked
package io.daytona.server.backup;

import org.jspecify.annotations.NullMarked;
