-- The functions of columns. They read and write the host's memory by LuaJIT's FFI, in loops that are compiled.

local ffi = require("ffi")

local functions = {}

function functions.noop(rows, results)
  results = ffi.cast("bool *", results)
  for row = 0, rows - 1 do
    results[row] = true
  end
end

function functions.score(rows, results, price, rating, popularity)
  results = ffi.cast("double *", results)
  price = ffi.cast("const double *", price)
  rating = ffi.cast("const double *", rating)
  popularity = ffi.cast("const double *", popularity)
  for row = 0, rows - 1 do
    results[row] = 0.3 * price[row] + 0.5 * rating[row] + 0.2 * popularity[row]
  end
end

-- A column and the rows in which it has values, of which the others count as 0.
local function or_zero(column, valid)
  column, valid = ffi.cast("const double *", column), ffi.cast("const bool *", valid)
  return function(row)
    return valid[row] and column[row] or 0
  end
end

function functions.score_nulls(
  rows, results,
  price, price_valid, rating, rating_valid, popularity, popularity_valid
)
  results = ffi.cast("double *", results)
  price = or_zero(price, price_valid)
  rating = or_zero(rating, rating_valid)
  popularity = or_zero(popularity, popularity_valid)
  for row = 0, rows - 1 do
    results[row] = 0.3 * price(row) + 0.5 * rating(row) + 0.2 * popularity(row)
  end
end

-- Mondays to Fridays before a day, counted from a Monday. 1970-01-01 was a Thursday.
local function weekdays_before(day)
  return 5 * math.floor((day + 3) / 7) + math.min((day + 3) % 7, 5)
end

function functions.business_days(rows, results, from, to)
  results = ffi.cast("int64_t *", results)
  from, to = ffi.cast("const int64_t *", from), ffi.cast("const int64_t *", to)
  for row = 0, rows - 1 do
    results[row] = weekdays_before(tonumber(to[row])) - weekdays_before(tonumber(from[row]))
  end
end

return functions
