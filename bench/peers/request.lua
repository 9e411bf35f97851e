-- wrk -s request.lua URL -- BODYSIZE sends the same request over and over: a POST
-- with a body of that many bytes, or a GET for 0. The last line of its output has
-- the number of answers, the time in microseconds, the number of read errors, and
-- that of all other errors.

function init(args)
	local size = tonumber(args[1])
	if size > 0 then
		wrk.method = "POST"
		wrk.body = string.rep("x", size)
	end
end

function done(summary)
	local e = summary.errors
	local failed = e.connect + e.write + e.status + e.timeout
	print(string.format("%d %d %d %d", summary.requests, summary.duration, e.read, failed))
end
