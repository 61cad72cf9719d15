-- What wrk asks for. Arguments: the verb, the namespace, the token, the number of the first object, how many objects
-- there are to go round (0: always the next one), and the last one, where the run ends (0: when its time is over).
local verb, namespace, token, first, round, last

local data = string.rep("0123456789abcdef", 32)
-- With these a stored pod has 2.7 KB, owners of its fields included.
local status = '{"conditions":[{"type":"Initialized","status":"True"},{"type":"Ready","status":"True"},' ..
  '{"type":"PodScheduled","status":"True"}],"phase":"Running","podIP":"10.1.2.3",' ..
  '"startTime":"2026-01-02T03:04:05Z","containerStatuses":[{"name":"web","ready":true,"restartCount":0,' ..
  '"state":{"running":{"startedAt":"2026-01-02T03:04:05Z"}},"image":"registry.example/web:1.0",' ..
  '"imageID":"sha256:0123456789abcdef","started":true}]}'
local spec = '{"schedulerName":"elsewhere","automountServiceAccountToken":false,' ..
  '"containers":[{"name":"web","image":"registry.example/web:1.0","ports":[{"containerPort":8080}]}]}'

local function config_map(name)
  return '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"' .. name .. '"},"data":{"key":"' .. data .. '"}}'
end

local function pod(name)
  return '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"' .. name ..
    '","labels":{"app":"web","part":"load"}},"spec":' .. spec .. '}'
end

local turn = -2 -- wrk asks for one request that it does not send

local function number()
  turn = turn + 1
  if last > 0 and first + turn >= last then wrk.thread:stop() end
  return first + (round > 0 and turn % round or turn)
end

local verbs = {
  create = function(maps)
    return wrk.format("POST", maps, nil, config_map("load-" .. number()))
  end,
  get = function(maps)
    return wrk.format("GET", maps .. "/load-" .. number())
  end,
  patch = function(maps)
    wrk.headers["Content-Type"] = "application/merge-patch+json"
    local body = '{"data":{"turn":"' .. turn .. '"}}'
    return wrk.format("PATCH", maps .. "/load-" .. number(), nil, body)
  end,
  delete = function(maps)
    return wrk.format("DELETE", maps .. "/load-" .. number())
  end,
  list = function(maps)
    return wrk.format("GET", maps)
  end,
  ["create-pod"] = function(_, pods)
    return wrk.format("POST", pods, nil, pod("web-" .. number()))
  end,
  ["run-pod"] = function(_, pods)
    wrk.headers["Content-Type"] = "application/merge-patch+json"
    return wrk.format("PATCH", pods .. "/web-" .. number() .. "/status", nil, '{"status":' .. status .. '}')
  end,
  ["list-pods"] = function(_, pods)
    return wrk.format("GET", pods)
  end,
}

function init(arguments)
  verb, namespace, token, first, round, last = unpack(arguments)
  first, round, last = tonumber(first), tonumber(round), tonumber(last)
  wrk.headers["Authorization"] = "Bearer " .. token
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Accept"] = "application/json"
  wrk.headers["User-Agent"] = "load/1"
  local place = "/api/v1/namespaces/" .. namespace
  local ask, maps, pods = verbs[verb], place .. "/configmaps", place .. "/pods"
  request = function() return ask(maps, pods) end
end

function done(summary, latency)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format('{"requests":%d,"micros":%d,"median_micros":%d,"p99_micros":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status, broken))
end
