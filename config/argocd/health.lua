-- Health of a RagPipeline or a RagTenant for Argo CD, from the conditions that the operator writes. argocd-cm.yaml is generated
-- from this file. Argo CD runs it with Lua 5.1 and without the libraries for strings, files and the system.

local status = obj.status or {}
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function is(type, value)
  return conditions[type] ~= nil and conditions[type].status == value
end

local function told(type, otherwise)
  local condition = conditions[type]
  if condition == nil or condition.message == nil or condition.message == "" then
    return otherwise
  end
  return condition.message
end

local function health(word, message)
  return { status = word, message = message }
end

-- What somebody else in the same sync is about to bring: a sync must not fail because of it. Every other reason for which the
-- operator stops and waits needs a person.
local coming = {
  NotChecked = true, NotCreated = true, Waiting = true, Missing = true, Unavailable = true, Unreachable = true, Blocked = true,
  SecretMissing = true, SecretKeyMissing = true, PipelineNotFound = true, PipelineDeleting = true,
}

-- In plan mode nothing is done, not even a deletion, and the rest of the status may be about an older generation.
if conditions.Progressing ~= nil and conditions.Progressing.reason == "Planned" then
  return health("Suspended", told("Progressing", "status.plan says what would be done"))
end
if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", told("Ready", "it is being removed"))
end
-- Changes of a suspended pipeline are not looked at, so its status may be about an older generation.
if obj.spec.suspend == true then
  return health("Suspended", "spec.suspend is true: changes wait until it is false again")
end
if conditions.Ready == nil then
  return health("Progressing", "the operator has not looked at it yet")
end
if status.observedGeneration ~= nil and obj.metadata.generation ~= nil and status.observedGeneration < obj.metadata.generation then
  return health("Progressing", "the operator has not seen the newest change yet")
end
if is("Degraded", "True") then
  return health("Degraded", told("Degraded", "something needs a person"))
end
if is("Ready", "True") then
  if is("Progressing", "True") then
    return health("Progressing", told("Progressing", "work is under way"))
  end
  if obj.spec.suspended == true then
    return health("Suspended", told("Ready", "its keys are refused"))
  end
  return health("Healthy", told("Ready", "ready"))
end
if conditions.Ready.reason == "PipelineSuspended" then
  return health("Suspended", told("Ready", "its pipeline is suspended"))
end
if is("Progressing", "True") or coming[conditions.Ready.reason] then
  return health("Progressing", told("Ready", "not ready yet"))
end
return health("Degraded", told("Ready", "it cannot become ready"))
