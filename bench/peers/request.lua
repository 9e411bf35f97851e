-- wrk -s request.lua URL -- BODYSIZE: the request is the same one every time.
-- The last line of the output has the number of answers, the microseconds, the
-- read errors, the other errors, and the latency in microseconds of half the
-- requests and of 99 % of them.

function init(args)
	local size = tonumber(args[1])
	if size > 0 then
		wrk.method = "POST"
		wrk.body = string.rep("x", size)
	end
end

function done(summary, latency)
	local e = summary.errors
	local failed = e.connect + e.write + e.status + e.timeout
	print(string.format("%d %d %d %d %d %d", summary.requests, summary.duration, e.read, failed,
		latency:percentile(50), latency:percentile(99)))
end
