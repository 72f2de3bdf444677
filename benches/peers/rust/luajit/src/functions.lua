-- The functions. Each takes the parameters of a query, and gives the function of a document.

local functions = {}

function functions.noop()
  return function()
    return true
  end
end

function functions.score()
  return function(price, rating, popularity)
    return 0.3 * (price or 0) + 0.5 * (rating or 0) + 0.2 * (popularity or 0)
  end
end

-- Levenshtein's distance, of bytes, as Lua's strings are.
function functions.distance(parameters)
  local target, max_distance = parameters.target, parameters.max_distance
  local columns = #target
  local previous, current = {}, {}
  return function(title)
    local rows = #title
    if math.abs(rows - columns) > max_distance then
      return false
    end
    for column = 0, columns do
      previous[column] = column
    end
    for row = 1, rows do
      current[0] = row
      local byte = title:byte(row)
      for column = 1, columns do
        local cost = byte == target:byte(column) and 0 or 1
        current[column] =
          math.min(current[column - 1] + 1, previous[column] + 1, previous[column - 1] + cost)
      end
      previous, current = current, previous
    end
    return previous[columns] <= max_distance
  end
end

-- Lua has patterns instead of regular expressions. They write this one with % in place of \.
function functions.regex(parameters)
  local pattern = parameters.pattern:gsub("\\", "%%")
  return function(title)
    return title:match(pattern)
  end
end

function functions.json(parameters)
  local keys = {}
  for key in parameters.path:gmatch("%.(%w+)") do
    keys[#keys + 1] = key
  end
  local equals = parameters.equals
  return function(data)
    local value = data
    for index = 1, #keys do
      if type(value) ~= "table" then
        return false
      end
      value = value[keys[index]]
    end
    return value == equals
  end
end

-- Mondays to Fridays before a day, counted from a Monday. 1970-01-01 was a Thursday.
local function weekdays_before(day)
  return 5 * math.floor((day + 3) / 7) + math.min((day + 3) % 7, 5)
end

function functions.business_days()
  return function(from, to)
    return weekdays_before(to) - weekdays_before(from)
  end
end

return functions
