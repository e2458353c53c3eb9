function octave_server ()
  % Call a person's functions; each line of standard input is the folder of one.
  %
  % Its name, its arguments and the number of its outputs are in job.mat. The outputs,
  % or the error, go to answer.mat; then a line on standard error says so.
  crash_dumps_octave_core (false);
  sigterm_dumps_octave_core (false);
  sighup_dumps_octave_core (false);
  page_screen_output (false);
  home = pwd ();
  entered = inside = "";
  while ischar (folder = fgetl (stdin))
    if isempty (folder)
      continue;
    end
    failure = [];
    outputs = {};
    try
      if isempty (strfind (path (), home))
        addpath (home);
      end
      if ! (strcmp (folder, entered) && strcmp (pwd (), inside))
        cd (folder);  % takes longer than the rest of a job
        entered = folder;
        inside = pwd ();
      end
      outputs = call (load (fullfile (home, "job.mat")));
      save ("-v6", fullfile (home, "answer.mat"), "failure", "outputs");
    catch raised
      stack = raised.stack;
      failure = struct ("message", raised.message, "files", {{stack.file}}, ...
                        "names", {{stack.name}}, "lines", {{stack.line}});
      outputs = {};
      save ("-v6", fullfile (home, "answer.mat"), "failure", "outputs");
    end
    fprintf (stderr, "\njaxnn answer\n");
  end
end

function outputs = call (job)
  % The outputs of a job, in a scope of its own: the function may clear its caller's.
  outputs = cell (1, job.count);
  [outputs{:}] = feval (job.name, job.arguments{:});
end
