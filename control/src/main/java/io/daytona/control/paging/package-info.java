/** Pages and numbers in queries, alike for every list. */
@NullMarked
package io.daytona.control.paging;

import org.jspecify.annotations.NullMarked;
