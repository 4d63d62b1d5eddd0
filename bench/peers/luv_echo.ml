(* SPDX-License-Identifier: MIT *)
(* luv: echo with Luv, OCaml's binding to libuv, the way its guide does it: each read comes in a
   buffer of its own, which is written.

   Run:      build/bench/luv PORT

   Beyond the guide, because the bytes must come back whole: at the end of file the stream is shut
   down, which waits for what is written; and a client that does not take its answer is not read
   from. libuv leaves TCP_NODELAY off. *)

external raise_limit : unit -> unit = "raise_limit"

let owed_max = 64 * 1024
let leave client = if not (Luv.Handle.is_closing client) then Luv.Handle.close client ignore

(* owed: bytes whose write is not done yet. Luv does not tell libuv's own count.

   UNKNOWN: how Luv 0.5.10 reports that there was nothing to read after all, as happens whenever a
   read has filled its buffer. The guide's server would close the client. *)
let rec read client owed =
  Luv.Stream.read_start client @@ function
  | Ok buffer -> echo client owed buffer
  | Error `UNKNOWN -> ()
  | Error `EOF -> Luv.Stream.shutdown client (fun _ -> leave client)
  | Error _ -> leave client

and echo client owed buffer =
  let size = Luv.Buffer.size buffer in
  owed := !owed + size;
  Luv.Stream.write client [ buffer ] (fun result _ ->
      let paused = !owed > owed_max in
      owed := !owed - size;
      match result with
      | Error _ -> leave client
      | Ok () -> if paused && !owed <= owed_max then read client owed);
  if !owed > owed_max then ignore (Luv.Stream.read_stop client)

let accept server =
  match Luv.TCP.init () with
  | Error _ -> ()
  | Ok client -> (
      match Luv.Stream.accept ~server ~client with
      | Ok () -> read client (ref 0)
      | Error _ -> leave client)

let or_fail = function
  | Ok value -> value
  | Error error ->
      prerr_endline ("luv: " ^ Luv.Error.strerror error);
      exit 1

let () =
  Sys.set_signal Sys.sigpipe Sys.Signal_ignore;
  raise_limit ();
  let words = String.split_on_char ':' Sys.argv.(Array.length Sys.argv - 1) in
  let port = int_of_string (List.nth words (List.length words - 1)) in
  let server = or_fail (Luv.TCP.init ()) in
  or_fail (Luv.TCP.bind server (or_fail (Luv.Sockaddr.ipv4 "127.0.0.1" port)));
  Luv.Stream.listen ~backlog:4096 server (fun result ->
      match result with Ok () -> accept server | Error _ -> ());
  let address = or_fail (Luv.TCP.getsockname server) in
  Printf.eprintf "luv: listening on 127.0.0.1:%d\n%!" (Option.get (Luv.Sockaddr.port address));
  ignore (Luv.Loop.run () : bool)
